//! What a client would like to be sent: `Accept` and `Accept-Encoding` (RFC 9110 §12.5).

use http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING, HeaderName},
};

/// A form a page is sent in (PEP 691, "Content-Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    /// JSON, version 1.
    Json,
    /// HTML, version 1, by its own name.
    HtmlV1,
    /// HTML, as browsers and old clients ask for it.
    Html,
}

impl Form {
    /// Every form, the better one first where a client likes two equally.
    const ALL: [Self; 3] = [Self::Json, Self::HtmlV1, Self::Html];

    /// The content type the form is sent as.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/vnd.pypi.simple.v1+json",
            Self::HtmlV1 => "application/vnd.pypi.simple.v1+html",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// The media types that ask for the form. `latest` is version 1 as long as there is no other.
    const fn asked_as(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.latest+json"],
            Self::HtmlV1 => {
                &["application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.latest+html"]
            }
            Self::Html => &["text/html"],
        }
    }

    /// The form a client likes best; nothing when it takes none of them.
    pub(crate) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let mut quality = [0_u16; 3];
        let mut asked = false;
        for (media, weight) in weighted(headers, &ACCEPT) {
            asked = true;
            for (form, best) in Self::ALL.into_iter().zip(&mut quality) {
                if form.asked_as().iter().any(|name| name.eq_ignore_ascii_case(media)) {
                    *best = weight.max(*best);
                }
            }
        }
        let best = Self::ALL.into_iter().zip(quality).filter(|(_, weight)| *weight > 0);
        // `max_by_key` takes the last of equals, so the worst form comes first.
        if let Some((form, _)) = best.rev().max_by_key(|(_, weight)| *weight) {
            return Some(form);
        }
        // A client that has no wish, or names only wildcards, is a browser or an old installer.
        (!asked || accepts(headers, "text/html")).then_some(Self::Html)
    }
}

/// Whether a client takes this media type, wildcards included; true when it has no wish.
pub(crate) fn accepts(headers: &HeaderMap, media: &str) -> bool {
    quality(headers, media) > 0
}

/// How much a client likes this media type, in thousandths; the most specific of its wishes counts.
pub(crate) fn quality(headers: &HeaderMap, media: &str) -> u16 {
    let kind = media.split('/').next().unwrap_or_default();
    let mut best = None;
    let mut asked = false;
    for (wish, weight) in weighted(headers, &ACCEPT) {
        asked = true;
        let precision = match wish.split_once('/') {
            _ if wish.eq_ignore_ascii_case(media) => 3,
            Some((wish, "*")) if wish.eq_ignore_ascii_case(kind) => 2,
            Some(("*", "*")) => 1,
            _ => continue,
        };
        best = best.max(Some((precision, weight)));
    }
    match best {
        Some((_, weight)) => weight,
        None if asked => 0,
        None => 1000,
    }
}

/// Whether a client takes gzip. One that has no wish gets the bytes as they are.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    for (coding, weight) in weighted(headers, &ACCEPT_ENCODING) {
        match coding {
            "gzip" | "x-gzip" => return weight > 0,
            "*" => any = weight > 0,
            _ => {}
        }
    }
    any
}

/// The members of a list header with their weights in thousandths. Parameters other than `q` are passed over.
fn weighted<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = (&'a str, u16)> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(|member| {
        let mut parts = member.split(';').map(str::trim);
        let value = parts.next().filter(|value| !value.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((value, weight.map_or(1000, thousandths)))
    })
}

/// A weight from `0` to `1` with at most three digits after the point; anything else is no wish.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" => 1000,
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accept(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(value).unwrap())])
    }

    fn form(value: &str) -> Option<Form> {
        Form::preferred(&accept(value))
    }

    #[test]
    fn installers_get_json_and_browsers_html() {
        let pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
        let uv = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(form(pip), Some(Form::Json));
        assert_eq!(form(uv), Some(Form::Json));
        assert_eq!(form(firefox), Some(Form::Html));
        assert_eq!(form("application/vnd.pypi.simple.v1+html"), Some(Form::HtmlV1));
        assert_eq!(form("application/vnd.pypi.simple.latest+json"), Some(Form::Json));
    }

    #[test]
    fn no_wish_is_html_and_an_impossible_one_is_none() {
        assert_eq!(Form::preferred(&HeaderMap::new()), Some(Form::Html));
        assert_eq!(form("*/*"), Some(Form::Html));
        assert_eq!(form("text/*"), Some(Form::Html));
        for value in
            ["application/json", "image/png", "text/html;q=0", "*/*;q=0", "text/html;q=x", "text/html;q=9"]
        {
            assert_eq!(form(value), None, "{value}");
        }
    }

    #[test]
    fn a_weight_decides_and_equals_go_to_the_better_form() {
        assert_eq!(form("application/vnd.pypi.simple.v1+json;q=0.1, text/html;q=0.2"), Some(Form::Html));
        assert_eq!(form("text/html, application/vnd.pypi.simple.v1+json"), Some(Form::Json));
        assert_eq!(form("application/vnd.pypi.simple.v1+json;Q=0.001"), Some(Form::Json));
    }

    #[test]
    fn the_most_specific_wish_counts() {
        let headers = accept("application/json;q=0.2, application/*;q=0.9, */*;q=0.1");
        assert_eq!(quality(&headers, "application/json"), 200);
        assert_eq!(quality(&headers, "application/xml"), 900);
        assert_eq!(quality(&headers, "text/html"), 100);
    }

    #[test]
    fn gzip_is_sent_only_to_those_who_ask() {
        let takes = |value: &str| {
            takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())]))
        };
        assert!(takes("gzip") && takes("br, gzip;q=0.5") && takes("*") && takes("gzip, *;q=0"));
        assert!(
            !takes("") && !takes("identity") && !takes("gzip;q=0") && !takes("gzip;q=0, *") && !takes("br")
        );
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
