import Varlink

/// The agent's replies to one request. Errors come as `Failure`.
struct AgentReplies {
    let replies: AsyncThrowingStream<Reply, any Error>
    let socket: String

    struct Iterator {
        var replies: AsyncThrowingStream<Reply, any Error>.Iterator
        let socket: String

        /// The next reply's parameters; nil after the last one.
        mutating func next<Parameters: Decodable>(as type: Parameters.Type) async throws -> Parameters? {
            do {
                return try await replies.next(isolation: #isolation)?.parameters(as: type)
            } catch {
                throw Failure(error, socket: socket)
            }
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(replies: replies.makeAsyncIterator(), socket: socket) }
}
