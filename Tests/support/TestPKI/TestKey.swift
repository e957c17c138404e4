/// A private key that tests use: PKCS#8 PEM, made once so that no test waits for a key. They protect nothing.
package struct TestKey: Sendable, Hashable {
    package let pem: [UInt8]

    private init(_ base64: String) {
        pem = Array("-----BEGIN PRIVATE KEY-----\n\(base64)\n-----END PRIVATE KEY-----\n".utf8)
    }

    /// RSA 2048, for a root.
    package static let authority = TestKey(
        """
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCzlWc4+0g6S9Ji
        0kU63GJPyo2+j6AwAmU8lDJpJgM8XTqS+k08TwIosKr6l7YeWoZjfIvWwsxpWg/z
        EEsYFzxDtN+ZZnDNAplVctA7zapIkIO95VPOj67sHrz2ltO3TCayVC9rejXLv/PA
        fjXazxSUMEq4DV5XbC6DsiRr2mYce5OvRSusIvjSsW0CQhumBMabfQP956DZ/2RM
        Pfg9+TutDaCZrSU/L1w15GXDkqmGLS8OMHTpeOHLr1AoKyhYsiFGRqD3+jQYwqGM
        uTtHxLWEEk44CEiSwXnMdUhPDpzObK8hHVzTmrCrKV7d6IDLxy6d2iAPGTbPG1O0
        YSgriBwtAgMBAAECggEAFhAHV/FLLNpO1RQ3LCWSMHJWmrBDglJxBJHCZbelUx+z
        CAaXQY8FWWFnCBVmavE9LHDLL03MVi8Z4YdBaorEPR82Dz8OIamtk9lgqtA4GOUk
        Qkqv0qNFXr3iAjuCdDT3VhZQoxgnDsqc1CvNSv4A7bnHHDiMPBpO1qAmqFdzDxGM
        4pwyQzxxxV31lMw7C+QDs0r4Zx2TMelQKJaUyYtIbnX2P+l0l2HZ55UphMkQUHSv
        9lMLKIai19/rjjmWb9W/wuClyOzzeKxGfFANGYxsxTPgpacDlO+itONInDCKQOU+
        mMiilR0LRwVlxamvbcq4zj11pj84rzXMtCdqqXNZkwKBgQDW+Uz4uFNrR6wZ0L1z
        BHkUFWsvaxPwDtdBgbv9PROUMTaFBZGi+fMlf4OwXqFZjHDN+NBC5xAsZ+SOmbJH
        9uhVA7EH+PuDZuyEdLa0BH4MUz63PF8Qwf+RGCXVt/6+2cTVdGkbjmbyctNNec50
        cMWEm58GeLPdpD23ABtAvJV1uwKBgQDV2xaFGQVFV4VdyfuUAgbSY4TDo8pZSxXB
        iEU9TwQVR/g3QqhAMGUsQPzBu4jYgQZemmQrmbaswc1px+v4a/T0/GIZlwRGCIjM
        XNh3SFCWOIQre2zlFevXrV0GN3LdEUWB81BsAt+BPAz6IX3uKqQacCuux8tFN9Kh
        LEPHlCXjNwKBgQDTXZldrzZt87F2THQJQ6ucoJabr+eRj7X7tYhVrJi0i1K0pc4U
        9Tcpdl/PqKtyNZCwI+T48uFHF/t0bhAJi+3RsOh+E0OQZkFE1tDQ3N3mVm8CkLxT
        6LrUOW7x3I//rHRI/8Vcj74OwfGaapogiMTb5nsMTN9knFkFtngVRZaagwKBgEI4
        06JnexBb57qBP1w3vHENzCDg6Vn5PEVvszEm9La6UIycIYmu8sVfYmWDcv7IBXbq
        DDbMJJsecENfWxzUIUhzltUhxHsDTYkq/wUA6aN64MKuN6xAu4VP88xnAzSdko6J
        D9BCm39jXwldsac8oRBmx8AZskI+5QRvtpVotMrFAoGAJYBzFEzMBMJzGi35qJPM
        /w/Qa104rDuYVoOcJUIBDbQg9OKymAt1PWLUMRpS/miALpAZCtWbQEkuP7VsppJE
        Sy/GyzFOh7gp9aAkgX7Szqpvw51D4PKKceNJ2nrnLHPx0sP3mUbhQ9PKUKBA4/d1
        pdRqeXgJjogjnubqIrfxC1M=
        """)

    /// RSA 2048, for an authority below the root.
    package static let issuing = TestKey(
        """
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCp3gV5w0EooyM+
        BwGil9sOxVIzTZQAnNS/bq/3hlL+5xIXE8K1cMHqSONMGhCTSVuCdoLbyCzdg6DI
        Tot1n7NBPGJWIRsFSCfayZfiZznA8/sjKVlCi8ft0GQ2RnQ25GOU6+tC62IpXVdf
        I8u351PA9z+Falq3erdzFW+dxBDJ4SVVhGetRKhOiLo9jcXsJeHZyDuVw4h3gaIq
        YuZfJDpKOeFw5LHJ07Cc+leojszLZL1aKpmGtsLdFMDYBj2tY5SJ3mmxG2OZ88Ry
        xVJaMoKR5K86WI7UCdmo8bjGrOs8+KF5406kNdZw0B0kTReihoeoIu6KB1WVDlOo
        vuzCP8gDAgMBAAECggEAA9R7X8p06VCnARqxVmmBc+zOX1UWyt4Tt0Psox0b4/Qb
        0U9jFX+MWmxNoQVOwwi6unn861hbwpwu1OAIfvIciD0Eo+0tKcpTCQ4rPDHtoxnH
        23wZhMmYDBb7G3TX4UuhqdWZQVyt+EF1hdyjFuttVQLTeNOeu1erU+SeK/rOvMPV
        ppMUysWoggOxSAaJIRRXFlaky80YVAsIVM5Varp6IsRKafdGNrutLPseC++17Pw6
        Sm63HNtHr8Dsx/pGxqrpbqXykvw6WMXtnQOZtpyXYlaP2bo6S5csthtFTX7rZMy8
        7W87eJJEAjnx+NKSfU2NItaMY8XfoDBvw5sPshgUGQKBgQDuvTKTosIuMP/L62RR
        GGg1Bumcv1RG7FNF2oSXTxItBtP0c5Zt3Yf60thN59+Nw6d11ZJazuyf2bph/Xgh
        6CLt1LVMX3mbpoWI51p3OT4i1oTPj2zG2iMiWsJTSwOltoFIH9u1UrBc1yB2FWCI
        vtNbn+QHl5a6pDFPbyjzPfJk3wKBgQC2JhTXAvtpe5KjpJndw/Oy8WhT6xHanI8G
        WiXg7Ny3LOryi/D4VCWcnN1tiHq4AjoGyGQA4q/EW23plT8mow/HS+BtmejtfMRi
        a2M4/cpkMNg/P9dkVVn85tFtFq2Qaoz+inQCdIFGO/fN2RDT+oDpjcHzxPIul+tn
        bg1J/dg9XQKBgQCVEjp0iVqqsRnoYPFg2dan1cslfyrGpmZQ5eOI/2ygBPVwXIR/
        0aZI7kL2UmT7BkKYh2U9opuKLM/+w+Cxe1vkGb+jErLCiDY1iBCrBWlRI5YGbM5F
        VIw/tWBF1j9OyCjtukbcb+eD8Shp02tVt6IOQkaGnxcVL9VCfmyZhgLHDQKBgFI9
        g29I42bO6niEWwxr6t5CbQ5mtlr0EQeXMD8L8uOpnjMAyD33EDxT/w3zbyUhrD1f
        wPc9YorPlSK/xhGV0gvz0FLsCOUhTjH5toUG4Zi3DQwRsRiWCNlNBgWxFZB860gK
        DzMEk1G4xbvlY9mx4v6QiJ+drpMm+JxsbgeYW0fpAoGAUJFYUe7HQcZbG59qOh09
        zjP9wZbMs5azJe/DHnP+FWaCpQWSVuGvt2N55Pm4h3M1lzGArvNuM1skIdTDeR2U
        +rvBF5oqgG4wgqVheGVAuVtX1EuGNsKPozuugO+5vE6odAfy4dkoglBUvf37nNuV
        dtqZgd+2Afo2fzcH+RRo5IU=
        """)

    /// RSA 2048, for a registration authority.
    package static let registration = TestKey(
        """
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCx0Czw2rB2PTok
        ir6sflbJwWEA+PSmasJtnJEJXKsOuDyNvAEFSj6kaO6ptwUaZ4FM95mqxdUQGgvS
        oLt2lYXiEfTTF6eksxuOigBtOT4MFCX6ncdIGvXtzbMx3AEW/Ugd/D1bvU+60b4m
        AdrKiMLHVZ5x9jyaoLGVDb6KbS7rjISFGA4/YkJaadaNcdbR8JBU/jtGXKUowFFM
        fhR4vwe25zCuuf++dFtZxxTkyVjtbfhwvxGg6bekJlUHdQhluNAVTP4CgbylG+0f
        lLOgYRb7bK5WcqrIyhuvQ8+LSblLGXVRXnAK1tXea3DFSQRvVE/FqIhIsJZ4Esm2
        igl9BDTnAgMBAAECggEAASlEerr/NBjZiLgt4shbg8p1wtWwZuPRWYdjSkbVm4WO
        Iz9NsnT4oGCI8WLROdX8JvP4IDEJw9q1T9dSCW+iMDxXfJ+jbFIZ30ehaEyL338M
        1jpMObeUHPMBlGZia+yKI75ebeMXbqzo7FKJggpBYjDQbAKrbIOuRaM65Pt52Zno
        btL9KLOpVOeB4AeoXY2qivc1MA+7jJQJG6+h/9oUYzlld8bRKaOTYbKOlS0A8cll
        Ge6SfyvN5ns3nB3gpO/YQe8E8Fq8p0bsKW4rZagPUzbvnkTt0S2oFWGZANHY+G/d
        /BSMlUDjQe0GlbzrKLtOAkWZU1LpBQMdvxC51wizdQKBgQDixjZUv3xyiMMjOSni
        e7th9WkGYvjw2aM6XYOJ85PDNbkIuo3MdDB9Paj9Q9zt9t0qD0mipttGHBrLFTZ+
        dPvCF5hrA4l7L0yW8kn3GViCms5ZxmCT4rQ3thgT/yVeVuCDgMGkYTkDUBPBx+5s
        nnEgRd9zr2fprcGpAVjlCyK4PQKBgQDIuqDX8I3jVSeOTXB3AuR2WOjttYRZus+M
        zmGBgjQnNzIO+HS9+2jFVVedIquZp8EjK8ORKQA3BEjqeh7qSfEt8Ey1tSWMeJwY
        Dq9iqJRz3Vq32JSIC+n89bdO2tboQRna9oztgNrPnsSIQmXNG17iBnlzwDE/LFkx
        kt8bY87P8wKBgAQLhxKR69VbLSfmsCGTFW+U4g+0Gj6pkyjKXDtMtfkIb0mBkl/w
        PqEtRWNnH3y7J4zFgwm8sjKY871lnng4+/ilVRmrkXs6B8K1ha47rIF/42hkinp4
        08AepmVM6sy4/f46gLm+5jZx6jhNqaoUVW4+8NJucYsQh2DNXlmPjkn9AoGAYFqN
        yPpU8dI3iayMluRRjKnDLhAa9wOgi4Op9IPuywBIzDzhtSyQr2D3DJvO6ZRINrzU
        RML8smwhIET8wBQ8bIPUHslUu+hNbZLnB6HKmQ+hc2zIZ8HoUSAWHQkZbiWJ5rzB
        C2T2JAGfb5UHzvwbgL4A4NpaCWwdaJmK9Vfkt5cCgYBWBtG+oAOYoqFpU80fAerU
        N8c6+RXCxwk2sk1WGUuCAiGefF452cgQXr1MFc9vkhMwc272GZ4lFqIj+8Ayn/3L
        pNS1hqO1U9SCvqvXWt9Y7GfwrBgBtgEyBpB/LUhYRPpera7zSkhU50oXyLLQTOOm
        6p52ia0gfaM3lGMT3wgZHw==
        """)

    /// RSA 2048, for a device.
    package static let device = TestKey(
        """
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCWNJQ2E6RxhIYN
        MWM9fgbIl5G7XMqRrETsnzTMgGmXkCAibJkE0xPgmalSbY0N/Wk9DCuUrxaW99l6
        vM/VyeFXsYUq1ehmY7K1vnR7opGUFFT0SvNNASOzTOJLg5XfON7PJMckqZEA9ViR
        u3/zcEuAzaan38TOC6o9d5OdW6F49x3ifKboYybzx6beY6pCawRRkQca0HFHFK+L
        5/u+AZqciq/dseOwleIJf+Dcj2Ji/w0nPgi0GlpX0Z4c/38W884iIzn+eTD+XGqu
        vxFYQsfalnM9zzdtfYAsHAufLKFwekH0olPOZ8TQY4P5guJlE0sEYIK+6rF58VZv
        plK0bms/AgMBAAECggEAESY2p8ftVgKd9YKmhH5PkvZvLpelDyW+hs+UjSa6J5JO
        gO+qNtlMoy+YG++jE65TpiMuFJ868oigvXkyN4QBpOwBOsdKbepDHKn+jaEdgu0h
        V/T4u1l+dHm6OonvAhnxom/eBssPYa8hah4guTAghre0J+WOCEJfsP3mjihIktFj
        NqvvzfwxMyYBc2Vy4785yhR2xZJArspmxe81AUH7zj54qlpxHLzUSDojkk/IbLCS
        UkYTvWx7t5/KpcryEnv5LpAeQxkvMESPMT1vfwWlONNruB4F0L/BPKy7libAi5CE
        S7Oryb2Qdvwp0SiI+cYsTMK/klWDuyVOobwGQHCmoQKBgQDNO3utGN/Zt9kK/j3X
        HsMrzFnUIur0e0fDp/kw9xVwchAPwtWfavm5jlAMMMiqZ1KguZpFdKDT77/0LHLT
        fBHGOTXNDqQEcxVZnrkAj2clw8SANe/yGJiU+KdxxXhU+nRP5EeoymiBnbwAWmyy
        rpX8fqj3M0oTZyc8VrBjUxZlHwKBgQC7XHcdXFn7pCNp2/oosx/mBixo8DtalNnr
        losUdM+yewHfhmfkTD/VTpwa7e6wTZ07hp5oaXa29+r+X/YjFGxzoPeGP0cK7mba
        H4ST6HLuukTEZZuiOmkrk1Jg/fnLxkSg/QH85AesAhn7JrZ0D2eHC3Rfj8OmR3E0
        5u+JpgwV4QKBgDMxz1wShGRu8/lGCm8LAWx/gTjlrO5ngjNQR1zrhbGTAmasF1W4
        /apH0bf4w1WeiIIHSnBg821qtNtX6xzOKjDkPIN2T3u8qWq9qTB2lShaeT3yNnSR
        ph4jGMHMnIO2JiV3sFhuhTsv+aGs7Mh1vHxLrCJd7PCCHstyZHWiWEfJAoGAGm7b
        JztGPqhTjrXIP0G2OF+amFt8JDVn4ULl8Ebino2YIA74TU8smk1y3KHA0QLCMgm2
        A4kNhJbJgoXLVfulqVKGWVxIC5TC0fcsXymmPWPuG78yC9stx0YLkz+BpGwedo/7
        XdBV/MB3JeW6S/l4Y6cMDgdcVPMzV4FVPhg9EEECgYBOcE7xiOy78TDgNdRgRXUD
        mkLJWscjyGSlHdR9c4WmORTOd4cyvPW9hn1HRruL6HGEK4LCHSvkua1VRJNqfUjM
        Mdpk6H6CYAeVlIDmRziIWPbf7z44Et4e1qRo9ts7gKX/zZ7cyejO9eW7ZFTj/sSG
        JeB032WcL85gClHKPsNR1g==
        """)

    /// RSA 2048, for the same device later.
    package static let renewed = TestKey(
        """
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDxq7dGsPiBKCwG
        hPwlEiW64+js6C05jIPtmu6l3FELmzodwkG4FSPpK3ZXmMQcDyxCDNqW75sqPntc
        y4yOPBEtJGIiPHaXX5GL/VAZmvjMa++Krnz/YM5DCNpkXpPNzzT/wlxBJ8ht2GR6
        Dn4SF84yXxlpRTdD6IohWxG8N4Cca8xuN9sLAT2qii/Q2oJS6byCpCDJoqfJPlCp
        OzgN0WhXsWweZWBmzscc7yQj70LZmHgvlKcyIGVFHuZKySxydHgpCZgWUuIfeV5s
        uzlNzWas2Ge38C6HGL+81qP0q/Emvg88fPuyny9rLO5fJUeQi+Cl19j3g1zCTP6p
        47OcpM1rAgMBAAECggEADvpDHT4h40dNFd5aDiYbcS4SJSntMPA0y54FhQFW2IRM
        oW7aSdatkhQ1J7qlCiQlQbawOW3Xd6fFrNDvVhqs6dejvqwb9se1KoWO2Ey9d1Xd
        KQLQEQ0RMMsKAJxym+0SmM3qj8iFEyG3yxoTgCWPjEROkTKj+TEelnChdGvFgcF3
        EPJa+Q5v/NbVc/GjtfUJv9tLqU1rL/EZcxhQ1aWbNjMUPsA5+mq9MzeDiMkaAGFm
        NG6HVKuOSSjBAuH1GDGfSzIiT5v376VEcJUa/lozOKLZy28Ik7GtHjDNP8Lyqh7F
        MTtSkCJZGlORqdk7vkqTO/EI2sXoeZUIZjTp+9JiAQKBgQD5LZ+N+Qw8jMVNusu2
        AoRdS1HiJ7bZtujXp+c/rXmt21ZImxV1GcMrryJWZJTLxLocBstt6wdkVJtyXy0D
        iaG+F3/dRU9cj7wKVx85paqyEGf9ZgSuyo5HTsyw+S92PUvqDmIxczV4D5WoYHkl
        Vzfbr92myboiLfDAziEaRbq/AQKBgQD4SXnyjnmiWKYV/lUTTzF54jru/XRFvVqI
        REzEt2uHPCdirZMPtjckTuRkWGNYNZN3a1GXB8Lo5tNcqjBHHIuUQ1MNYPPrWwOZ
        glHiEVFPcKFBkJS1U+XfktTaAjfF/s5bYmK9QY+/2Fg5h+mcrQcyXyeW2OGABt8s
        cpExnI74awKBgH4pSWW6uSVXKPbIIyhOcfJClnzpGr10zMOT8ZPeI4ORUEiGrQCT
        QKw3ii0v096wBoL2Nb27iAyWgfYQllv6LXhvsX+4/guhgtXBcr/fT2PExsIYCzrs
        t8kG7sCUCiHVu0AQdEsRR/s3+NA9uFjdphyHGLS/4ow3snQMadpBf+IBAoGBALV/
        4OlzRW9sJl1FgqOO7LgQrMwv82NXvGqIoyXaf3xoeNIl2K9PoJemJEdGZbkB0T8m
        8InbXpwqwK+oqYoST+aeIIRTL3wJGGSLY5hC2JGd4AOx0UOMhSoeiAKmRGc0kV00
        WsHGv3KakEPeGuQxiGVGMgaPnKieXV58ka8Wp1zpAoGAWPfzxzbKGSK5PCyFgyDM
        omyUfHsYWsuSBrg64KI1BT1NytfohKrmvgKH3gWU5lzlh13fB2jVR+jANDu+NVlQ
        VMAQlJ6WJMlahgVEffgu25d/uqoURqQmbjsu8Wmz6xVJOJN0Cfrxdr7rZRQ32fcO
        yw/bGfhuC0Zaw77RcLhcXtI=
        """)

    /// RSA 2048, for somebody else.
    package static let other = TestKey(
        """
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCkpbXMyi91v+TG
        N8kuogn2hzAiRVoLyPf3KDKB7EV0GKAfcuBYdFSmFNjVIH/nhqTiPJnZbnxCu3yI
        7HD+CT2nNgn490KnaslkwNCgYMjdQUCEpPfPri4T9YiJktLAvp0+FeCwLPx3fBAG
        PhQZJcPryYSJ+beisG6hik5AaTSwNRTgn0dBPlHtKFXzkXtmp5cSMW6r/wVxIOHi
        qzaSKEpDEKMVqT7pdCoY8vAFq0gBD9r4p5YRaLq5n3reCCMkFIbZVwhfQJjsmmi5
        rvfgyYQg4y57rEvEAQU92K1Hx2wXS6wz4PuOmwuD+dOfgUrNuxGaMIguc9s5yfwG
        clRx04CjAgMBAAECggEAEhmHaUpmuj6Moz+5tY8pojjNUU8nbXk7zSdVmhPDtNYK
        MDrcL80mCxXqmk9W0DhsgtRfo1fygBGFSLYZW8vfQ7T8lqpz4Nyr5BAQPzk0i6Ij
        OhG6jlGbDiWlS15hHcA2n/8esq9XV7lDN7R2WCdfKNn/4H0bs15K4yZFoO4P1Tjr
        LZenALR37IwHgkSRdtBE6W7WyXJVglWod8FTnD3RKFdh6yuik+0w4bebL3B0nAUU
        sAOBBXQg4svDGnt+eexjsXWVRVs42lznIeLpvYjEkGWcgmt/POFHzePU3trgW7Vs
        xrTN+iBIzoe899O2m3T2H0Lsjuo8qVnaGPsYBFIYgQKBgQDm63qG8IvPgzGX++Yc
        GDoPmrxlraAahfRmYfVQEVpE2Fc5DiNiThemSxBZjyUD1iVU0G79n2kTyjAu2ZiH
        vvpLpw2cqmM4RqEwzJbuTNt6ijhUQ2xIihizVG2AaznkbClOWMc1xbd1ocV4nKZ7
        TxDSGoo4O3jYe+BX5VQ/IEXMgQKBgQC2h5UfP2TCBJ/X4OPKfzTzusQkbtjnu3/1
        EMCVPGfZPknUiekdhiyIrPI1RxUbzXlzFxHGKRQyMXNQ11c2/5alqOMlx25hthi4
        DJMn7NoL5HGTdDZcFOqom2sKp3CCaBKgOj0D4bevuRK0my4Dokjm0Tb+I6shB+kO
        gR8vVP8LIwKBgEYrqmkU8bdWS5y+rDc/WW1ifPt83lkQ+aqe+9ef3klrYF3zIOd/
        iYo75zT/3aSjz2ZNjFy/s0OTPj8OWl5tt0uD8Qv5bvsr41Gb6gVyD4PWOrXIY0BL
        zqO39Sp/6vCxuX+YVLjPYyd4yDQVjjWMWjUuYXAjCl7mjc7H3mjsWqmBAoGBAIW1
        fD+PqLeXu5/gVf2YgampPtWRfcMDTxCuXOT1gv1Y66yN+f5us2DLkAIHOCdNtZHh
        bFvE6854+whVNsZLJIfl179tACcDxcfNLl8o2fGsPqbNkqSRjfRFJXyAe6KLqllF
        UDzvtCc9Y755jpOK5exvheFVL57atJazb6y0jsARAoGAeJVtvuOUC1p/cIL2/sAd
        ag+qtZVguiwtHn8kZwj8Gh0+65Y7X3vYFTPCKmBg6lMwv46lBK7gxwUS2aqUmhbE
        s+pv1D8QpwsgP/Gh8aTfc739+mygTSMMSjTcm65g5JdmHv4lEWCl7own6Dh8oBPu
        hGntCJc8SOo8lly3BzIRs8k=
        """)

    /// RSA 1024.
    package static let weak = TestKey(
        """
        MIICeQIBADANBgkqhkiG9w0BAQEFAASCAmMwggJfAgEAAoGBAPppDQ1spgNQ1TaV
        fLzSKxnZZwpW4J+5u8fXeEx5Wi8p/vNElkvbs7GNFXt2xwFMAKZit8A8jvWqhwLq
        YIWne9pEUrLhp8pDvIu4cthCbqj84MT4GY5zaTpNqwJeht50jM7W+oH0C/ecLfUr
        dZw5DFgF94x4AyttT+6rgpP3/Fc9AgMBAAECgYEAxtAbNdpaYG2QKts7AyuWXtqW
        DcZ2Zzpu1bbEY2tB6ApeykRdU/MmU0ShlrnyPJxcM75TB8TM+E2hDfaKFfOox0vA
        KaDA2BTZcuJrbsTnqMEwOJ4aRs4E4mnmiV8UsGFoYA3QSMEr3OR3O4w0VgymVUJ3
        E0xE9MShvGGxVmmr/EECQQD/55T7uAVR0s8fXOt/dvl5xKSRUAvMV51aCu2hhEGW
        X8+o2SLG7IXW5ezq6bSSM+EC08G9hWrOmAn7I/0pq4qxAkEA+oDx3C7URarwkXA/
        1pnYE/LTEq+bdSNBAPGiAcGlvPKVtxIaNMKu60wYltLKVDGAcyGPNci2cVCD4b4c
        B0WgTQJBAMp+4wpItJTpvpHvwj4L1B+B9kMyVxOsZMwCh8VeVVP7nuPaZkWIlePV
        7yJ4KjXirXPCQrWIZFr0PjmnYcXegxECQQCsAS4RSfZnf+B/fNvYtvoveGSGSB4u
        aG6R/1iGbDkpbEhw0/U6lRMWbcHUjhhvhy3z3+89tvvPAsILl0YXmC9hAkEAvVxw
        kll0SyH8DWlfa1Sz3h+Bi/I4r5noPyTHcxycW3YnzsC+PjWffExl66gxigOIyU98
        AiKtTE1G9314IuhNWw==
        """)

    /// EC P-256.
    package static let elliptic = TestKey(
        """
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/LmXJsS6d1Vb2NoY
        330yM2/M8ib5MNL72qcb1D2fFKChRANCAAQQNqThWmSDU5pdjmrjAU65qnue1BHp
        u3FAsuS+cWlThrPFKdi0MH4wFRTGlySoEpkCnXLb3HMlaXbbPFergF4Y
        """)
}
