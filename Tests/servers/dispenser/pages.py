"""NDES's pages, as short as they can be and still have all that a reader could trip over."""

_FRAME = (
    '<HTML><Head><Meta HTTP-Equiv="Content-Type" Content="text/html; charset=UTF-8">'
    "<Title>Network Device Enrollment Service</Title></Head><Body BgColor=#FFFFFF><Font ID=locPageFont Face=Arial>"
    "<Table Border=0 BgColor=#008080><TR><TD><Font Color=#FFFFFF>Network Device Enrollment Service</Font></TD></TR>"
    "</Table>{body}</Font></Body></HTML>"
)
THUMBPRINT = "E79F8AD3 73F7D8E0 1C2B3A49 5F607182"

CACHE_FULL = _FRAME.format(body="<P> The password cache is full. <P> NDES caches passwords so that they can be used.")
NO_PERMISSION = _FRAME.format(body="<P> You do not have sufficient permission to enroll with SCEP.")
SIGN_IN = "<!DOCTYPE html><html><body><b>Sign in</b><p>Your network's administrator: <b>5F60 7182</b></body></html>"


def password(challenge: str, language: str = "en") -> str:
    """The page with a challenge."""
    texts = {
        "en": ("The thumbprint (hash value) for the CA certificate is:", "The enrollment challenge password is:"),
        "de": ("Der Fingerabdruck des Zertifikats der Zertifizierungsstelle ist:", "Das Kennwort für die Anfrage ist:"),
    }[language]
    body = f"<P> {texts[0]} <B> {THUMBPRINT} </B> <P> {texts[1]} <B> {challenge} </B> <P> 60 <P>"
    return _FRAME.format(body=body)
