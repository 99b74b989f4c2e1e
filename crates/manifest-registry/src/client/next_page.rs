//! The next page of a paginated list.

use http::header::LINK;
use url::Url;

use crate::http::Response;

/// Returns the URL of the next page from the `Link` header (RFC 8288).
pub(super) fn next_page(response: &Response) -> Option<Url> {
    let links = response.headers().get_all(LINK).into_iter();
    let next = links.filter_map(|link| next_link(link.to_str().ok()?));
    next.into_iter()
        .find_map(|link| response.url().join(&link).ok())
}

fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, tail)) = rest.split_once('<') {
        let (url, tail) = tail.split_once('>')?;
        let parameters = tail
            .split_once('<')
            .map_or(tail, |(parameters, _)| parameters);
        let is_next = parameters.split(';').any(|parameter| {
            let parameter: String = parameter.split_whitespace().collect();
            let parameter = parameter.trim_end_matches(',').to_ascii_lowercase();
            matches!(parameter.as_str(), "rel=next" | "rel=\"next\"")
        });
        if is_next {
            return Some(url.to_owned());
        }
        rest = tail;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn next_link_of_headers() {
        for (header, next) in [
            ("</v2/a?n=1>; rel=\"next\"", Some("/v2/a?n=1")),
            ("</v2/a>; rel=next", Some("/v2/a")),
            ("</v2/a>; title=\"x\" ; REL = \"next\"", Some("/v2/a")),
            (
                "</first>; rel=\"first\", </v2/a,b>;rel=\"next\"",
                Some("/v2/a,b"),
            ),
            ("</v2/a>; rel=\"prev\"", None),
            ("</v2/a", None),
            ("", None),
        ] {
            assert_eq!(next_link(header).as_deref(), next, "{header}");
        }
    }
}
