import Faults
import Secrets
import Testing
import Varlink

struct SecretParameterTests {
    private func text(_ secret: Secret?) -> String? {
        secret?.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `The value is taken out and an empty one left`() throws {
        let frame = Frame(#"{"method":"a.B","parameters":{"x":[{"key":"bm8="}],"key" : "aGVsbG8=","y":1}}"#)
        #expect(text(try frame.takeSecret(parameter: "key")) == "hello")
        #expect(frame.text == #"{"method":"a.B","parameters":{"x":[{"key":"bm8="}],"key" : "","y":1}}"#)
    }

    @Test func `Order of the members and escaped slashes make no difference`() throws {
        let frame = Frame(#"{"parameters":{"key":"\/\/8="},"method":"a.B"}"#)
        let secret = try #require(try frame.takeSecret(parameter: "key"))
        #expect(secret.withBytes { Array($0) } == [0xFF, 0xFF])
    }

    @Test(arguments: [
        #"{"method":"a.B"}"#, #"{"key":"bm8="}"#, #"{"parameters":["key","bm8="]}"#,
        #"{"parameters":{"a":{"key":"bm8="}}}"#, #"{"parameters":{"a":"key"}}"#, #"{"parameters":{"key":null}}"#,
        #"{"parameters":{"key":["bm8="]}}"#, #"{"parameters":{"key":{"key":"bm8="}}}"#,
        #"{"other":{"key":"bm8="}}"#, #"["parameters",{"key":"bm8="}]"#,
        #"{"x":"parameters","y":{"key":"bm8="}}"#, "true", "",
    ])
    func `A message without the parameter stays as it is`(message: String) throws {
        let frame = Frame(message)
        #expect(try frame.takeSecret(parameter: "key") == nil)
        #expect(frame.text == message)
    }

    @Test(arguments: [
        #"{"parameters":{"key":"bm8=","key":"bm8="}}"#, #"{"parameters":{"key":"bm8=","k\u0065y":"bm8="}}"#,
        #"{"parameters":{},"parameters":{"key":"bm8="}}"#, #"{"p\u0061rameters":{"key":"bm8="}}"#,
        #"{"parameters":{"key":null,"key":"bm8="}}"#, #"{"parameters":{"key":"bm8="}"#,
        #"{"parameters":{"key":"bm8="#, #"{"parameters":{"key":"bm8=\"#, #"}{"parameters":{"key":"bm8="}}"#,
    ])
    func `A message that another reader could understand in another way is refused`(message: String) {
        #expect(throwsCode(.malformedFrame) { _ = try Frame(message).takeSecret(parameter: "key") })
    }

    @Test(arguments: ["b", "bm", "bm8", "bm8=bm8=", "bm 8", "====", "bm8=====", "b===", "é===", #"\u0062m8="#, "-_8="])
    func `A value that is not base64 is refused`(value: String) {
        #expect(
            throwsCode(.malformedFrame) {
                _ = try Frame(#"{"parameters":{"key":"\#(value)"}}"#).takeSecret(parameter: "key")
            })
    }

    @Test func `Nesting is limited here too`() {
        let deep = #"{"parameters":"# + String(repeating: "{\"a\":", count: 64)
        #expect(throwsCode(.nestedTooDeep) { _ = try Frame(deep).takeSecret(parameter: "key") })
    }

    @Test func `Base64 of every length comes back`() throws {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
            let encoded = Secret(capacity: Base64.encodedCount(count)) { target in
                bytes.withUnsafeBytes { Base64.encode($0, to: target) }
            }
            let value = try #require(text(encoded))
            #expect(value.utf8.count == Base64.encodedCount(count))
            let frame = Frame(#"{"parameters":{"key":"\#(value)"}}"#)
            let secret = try #require(try frame.takeSecret(parameter: "key"))
            #expect(secret.withBytes { Array($0) } == bytes)
        }
    }

    @Test func `No damaged message lets the value through to the decoder`() throws {
        let message = Array(
            #"{"a":{"key":1},"method":"a.B","parameters":{"n":[1,"x"],"key":"aGVsbG8=","p":"\\"}}"#.utf8)
        let pieces = Array(#"{}[]:,"\parameterskey 0"#.utf8)
        // A fixed sequence that looks random (Knuth's MMIX generator), so that every run tries the same.
        var seed: UInt64 = 42
        func number(below limit: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: seed >> 33) % limit
        }
        var (taken, decoded) = (0, 0)
        for _ in 0..<5000 {
            var bytes = message
            for _ in 0...number(below: 3) {
                let place = number(below: bytes.count)
                switch number(below: 3) {
                case 0: bytes[place] = pieces[number(below: pieces.count)]
                case 1: bytes.insert(pieces[number(below: pieces.count)], at: place)
                default: bytes.remove(at: place)
                }
            }
            let frame = Frame(copying: bytes)
            guard let secret = try? frame.takeSecret(parameter: "key") else { continue }
            taken += 1
            guard let call = try? Call(frame, secret: secret),
                let parameters = try? call.parameters(as: JSONValue.self)
            else { continue }
            decoded += 1
            #expect(parameters["key"] == "", "\(String(decoding: bytes, as: UTF8.self))")
        }
        // Enough of them were whole for this to mean something.
        #expect(taken > 500 && decoded > 100)
    }
}
