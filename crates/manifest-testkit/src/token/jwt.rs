//! Tokens that CNCF distribution accepts: JSON Web Tokens signed with ES256, with the certificate inside.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rcgen::{Certificate, CertificateParams, DnType, KeyPair, SigningKey};
use serde_json::{Value, json};

use super::access::Access;

/// Length of one of the two numbers of a P-256 signature, in bytes.
const SCALAR: usize = 32;

/// Key and self-signed certificate of a token server.
#[derive(Debug)]
pub(super) struct Signer {
    key: KeyPair,
    certificate: Certificate,
}

impl Signer {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("ring makes an ECDSA key");
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "manifest-testkit tokens");
        let certificate = params
            .self_signed(&key)
            .expect("a key can sign its own certificate");
        Self { key, certificate }
    }

    /// Returns the certificate, for distribution's `rootcertbundle`.
    pub(super) fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// Signs a token.
    pub(super) fn sign(&self, claims: &Claims<'_>) -> String {
        let header = json!({
            "typ": "JWT",
            "alg": "ES256",
            "x5c": [BASE64_STANDARD.encode(self.certificate.der())],
        });
        let text = format!("{}.{}", encode(&header), encode(&claims.to_json()));
        let der = self
            .key
            .sign(text.as_bytes())
            .expect("ring signs any message");
        format!(
            "{text}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(raw_signature(&der))
        )
    }
}

/// The claims of a token.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
    /// Seconds from now. A negative value makes an expired token.
    pub(super) lifetime: i64,
    /// Makes tokens with equal claims differ.
    pub(super) id: String,
    pub(super) access: &'a [Access],
}

impl Claims<'_> {
    fn to_json(&self) -> Value {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let access: Vec<Value> = self
            .access
            .iter()
            .map(|a| json!({ "type": a.kind, "name": a.name, "actions": a.actions }))
            .collect();
        json!({
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "exp": now + self.lifetime,
            "nbf": now - 10,
            "iat": now,
            "jti": self.id,
            "access": access,
        })
    }
}

fn encode(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Converts an ASN.1 signature, `SEQUENCE { INTEGER r, INTEGER s }`, to `r || s` for JWS.
fn raw_signature(der: &[u8]) -> [u8; 2 * SCALAR] {
    // P-256 signatures are shorter than 128 bytes, so every length is one byte.
    let mut raw = [0; 2 * SCALAR];
    let mut rest = &der[2..];
    for half in raw.chunks_exact_mut(SCALAR) {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        // A leading zero keeps a number positive; small numbers are shorter than their field.
        let digits = &number[length.saturating_sub(SCALAR)..];
        half[SCALAR - digits.len()..].copy_from_slice(digits);
        rest = &rest[2 + length..];
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::raw_signature;

    #[test]
    fn numbers_are_cut_and_padded_to_their_field() {
        let long = [[0x80].as_slice(), &[7; 31]].concat();
        let der = [
            &[0x30, 0x26, 0x02, 0x21, 0x00],
            long.as_slice(),
            &[0x02, 0x01, 0x05],
        ]
        .concat();
        let raw = raw_signature(&der);
        assert_eq!(&raw[..32], long);
        assert_eq!(&raw[32..63], [0; 31]);
        assert_eq!(raw[63], 5);
    }
}
