//! The paths of the distribution API.

use crate::digest::is_digest;

/// The resource at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Ping,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/NAME/tags/list`
    Tags {
        /// Repository.
        name: String,
    },
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest {
        /// Repository.
        name: String,
        /// Tag or digest.
        reference: String,
    },
    /// `/v2/NAME/blobs/DIGEST`
    Blob {
        /// Repository.
        name: String,
        /// Digest.
        digest: String,
    },
    /// `/v2/NAME/blobs/uploads/`
    Uploads {
        /// Repository.
        name: String,
    },
    /// `/v2/NAME/blobs/uploads/SESSION`
    Upload {
        /// Repository.
        name: String,
        /// Session.
        session: String,
    },
    /// `/v2/NAME/referrers/DIGEST`
    Referrers {
        /// Repository.
        name: String,
        /// Digest of the subject.
        digest: String,
    },
}

impl Route {
    /// Parses a request's path. Returns `None` if nothing is there.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = percent_decode(path);
        let rest = path.strip_prefix("/v2/")?;
        match rest {
            "" => return Some(Self::Ping),
            "_catalog" => return Some(Self::Catalog),
            _ => {}
        }
        let named = |name: &str| is_name(name).then(|| name.to_owned());
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Some(Self::Tags { name: named(name)? });
        }
        // A repository may be called `app/manifests`: the last keyword counts.
        let (head, last) = rest.rsplit_once('/')?;
        if let Some(name) = head.strip_suffix("/blobs/uploads") {
            let name = named(name)?;
            return Some(match last {
                "" => Self::Uploads { name },
                session => Self::Upload {
                    name,
                    session: session.to_owned(),
                },
            });
        }
        let (name, kind) = head.rsplit_once('/')?;
        let name = named(name)?;
        match kind {
            "manifests" if is_reference(last) => Some(Self::Manifest {
                name,
                reference: last.to_owned(),
            }),
            "blobs" if is_digest(last) => Some(Self::Blob {
                name,
                digest: last.to_owned(),
            }),
            "referrers" if is_digest(last) => Some(Self::Referrers {
                name,
                digest: last.to_owned(),
            }),
            _ => None,
        }
    }
}

fn is_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 255
        && name.split('/').all(|part| {
            part.bytes()
                .all(|b| inner(b) || matches!(b, b'.' | b'_' | b'-'))
                && part.bytes().next().is_some_and(inner)
                && part.bytes().last().is_some_and(inner)
        })
}

fn is_reference(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    is_digest(text)
        || (text.len() <= 128
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-')))
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn paths_are_parsed_from_their_end() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let manifest = |name: &str, reference: &str| {
            Some(Route::Manifest {
                name: name.to_owned(),
                reference: reference.to_owned(),
            })
        };
        let check =
            |path: &str, expect: Option<Route>| assert_eq!(Route::parse(path), expect, "{path}");
        check("/v2/", Some(Route::Ping));
        check("/v2/_catalog", Some(Route::Catalog));
        check("/v2/a/b/c/manifests/v1.0", manifest("a/b/c", "v1.0"));
        check("/v2/a/manifests/manifests/1", manifest("a/manifests", "1"));
        check(
            &format!("/v2/app/manifests/{}", digest.replace(':', "%3A")),
            manifest("app", &digest),
        );
        check(
            "/v2/app/blobs/uploads/",
            Some(Route::Uploads {
                name: "app".to_owned(),
            }),
        );
        check(
            "/v2/app/tags/list",
            Some(Route::Tags {
                name: "app".to_owned(),
            }),
        );
        check("/v2/App/manifests/1", None);
        check("/v2/app/manifests/sha256:12", None);
        check("/v2/-app/manifests/1", None);
        check("/v1/", None);
    }
}
