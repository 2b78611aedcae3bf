//! From a request to an answer, before any fault.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use covouch_core::digest::Sha256;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{self, HeaderName},
};

use super::{
    page,
    route::{self, Route},
    site::{Feature, Listed, Site},
};
use crate::distribution::Distribution;

/// An answer whose body is known.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn plain(status: StatusCode, text: &str) -> Self {
        let headers = vec![(header::CONTENT_TYPE, "text/plain".to_owned())];
        Self { status, headers, body: Bytes::copy_from_slice(text.as_bytes()) }
    }

    pub(super) fn redirect(status: StatusCode, to: &str) -> Self {
        let mut answer = Self::plain(status, "elsewhere\n");
        answer.set(header::LOCATION, to.to_owned());
        answer
    }

    fn of(content_type: &str, body: Bytes) -> Self {
        Self { status: StatusCode::OK, headers: vec![(header::CONTENT_TYPE, content_type.to_owned())], body }
    }

    pub(super) fn set(&mut self, name: HeaderName, value: String) {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
    }
}

/// Answers a request to this site, which is reached at `origin`.
pub(super) fn respond(
    site: &Site,
    origin: &str,
    method: &Method,
    route: &Route,
    asked: &HeaderMap,
) -> Answer {
    if method != Method::GET && method != Method::HEAD {
        return Answer::plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    if !authorised(site, asked) {
        let mut answer = Answer::plain(StatusCode::UNAUTHORIZED, "who are you?\n");
        answer.set(header::WWW_AUTHENTICATE, "Basic realm=\"index\"".to_owned());
        return answer;
    }
    let found = match route {
        Route::Moved(name) => {
            return Answer::redirect(StatusCode::MOVED_PERMANENTLY, &route::page_path(name));
        }
        Route::Root | Route::Page(_) => page_of(site, origin, route, asked),
        Route::File(sha256, filename) => file(site, *sha256, filename),
        Route::Metadata(sha256, filename) => metadata(site, *sha256, filename),
        Route::Provenance(sha256, filename) => provenance(site, *sha256, filename),
        Route::Resource(path) => {
            site.resource(path).map(|bytes| Answer::of("application/octet-stream", bytes.clone()))
        }
    };
    let Some(answer) = found else { return Answer::plain(StatusCode::NOT_FOUND, "nothing here\n") };
    if answer.status != StatusCode::OK {
        return answer;
    }
    ranged(site, unchanged(site, answer, asked), route, asked)
}

fn authorised(site: &Site, asked: &HeaderMap) -> bool {
    let Some((user, password)) = &site.credentials else { return true };
    let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    text(asked, header::AUTHORIZATION) == Some(expected.as_str())
}

fn page_of(site: &Site, origin: &str, route: &Route, asked: &HeaderMap) -> Option<Answer> {
    let accept = text(asked, header::ACCEPT).unwrap_or("*/*");
    let Some(content_type) = preferred(site, accept) else {
        return Some(Answer::plain(StatusCode::NOT_ACCEPTABLE, "no such form\n"));
    };
    let json = content_type == page::JSON;
    let body = match route {
        Route::Page(name) => {
            let project = site.projects().get(name)?;
            if json {
                page::json(site, origin, name, project)
            } else {
                page::html(site, origin, name, project)
            }
        }
        _ if json => page::json_root(site),
        _ => page::html_root(site),
    };
    let mut answer = Answer::of(content_type, body.into());
    answer.set(header::VARY, "Accept, Accept-Encoding".to_owned());
    Some(answer)
}

/// The form the client likes best among those the site has (RFC 9110 §12.5.1).
fn preferred(site: &Site, accept: &str) -> Option<&'static str> {
    let mut best: Option<(u32, &'static str)> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let wanted = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
        let offered = match wanted {
            page::JSON => site.does(Feature::Json).then_some(page::JSON),
            page::HTML => site.does(Feature::Html).then_some(page::HTML),
            page::LEGACY_HTML | "text/*" | "*/*" if site.does(Feature::Html) => Some(page::LEGACY_HTML),
            "*/*" => site.does(Feature::Json).then_some(page::JSON),
            _ => None,
        };
        if let Some(form) = offered.filter(|_| quality > 0 && best.is_none_or(|(most, _)| quality > most)) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| form)
}

/// `0.25` as 250; what is no quality counts as 1 (RFC 9110 §12.4.2).
fn thousandths(quality: &str) -> u32 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    match (whole, format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse().ok())) {
        ("0", Some(thousandths)) => thousandths,
        _ => 1_000,
    }
}

fn file(site: &Site, sha256: Sha256, filename: &str) -> Option<Answer> {
    let distribution = distribution(site, sha256, filename)?;
    let mut answer = Answer::of("application/octet-stream", distribution.bytes().clone());
    answer.set(header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned());
    if site.does(Feature::Ranges) {
        answer.set(header::ACCEPT_RANGES, "bytes".to_owned());
    }
    Some(answer)
}

fn metadata(site: &Site, sha256: Sha256, filename: &str) -> Option<Answer> {
    let distribution = distribution(site, sha256, filename).filter(|_| site.does(Feature::Metadata))?;
    distribution.metadata().map(|metadata| Answer::of("application/octet-stream", metadata.clone()))
}

fn provenance(site: &Site, sha256: Sha256, filename: &str) -> Option<Answer> {
    let provenance = listed(site, sha256, filename)?.provenance.clone()?;
    Some(Answer::of("application/vnd.pypi.integrity.v1+json", provenance))
}

fn distribution<'a>(site: &'a Site, sha256: Sha256, filename: &str) -> Option<&'a Distribution> {
    listed(site, sha256, filename).map(|file| &file.distribution)
}

fn listed<'a>(site: &'a Site, sha256: Sha256, filename: &str) -> Option<&'a Listed> {
    let mut files = site.projects().values().flat_map(|project| &project.files);
    files.find(|file| file.distribution.sha256() == sha256 && file.distribution.filename() == filename)
}

/// 304 when the client has these very bytes (RFC 9110 §13.1.2).
fn unchanged(site: &Site, mut answer: Answer, asked: &HeaderMap) -> Answer {
    if !site.does(Feature::Etags) {
        return answer;
    }
    let etag = format!("\"{}\"", Sha256::of(&answer.body));
    let known = text(asked, header::IF_NONE_MATCH)
        .is_some_and(|known| known.split(',').any(|one| one.trim() == etag));
    answer.set(header::ETAG, etag);
    if known {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body = Bytes::new();
    }
    answer
}

/// One range of a file (RFC 9110 §14.1.2); several at once are answered with the whole.
fn ranged(site: &Site, mut answer: Answer, route: &Route, asked: &HeaderMap) -> Answer {
    let is_file = matches!(route, Route::File(..));
    let wanted = text(asked, header::RANGE).and_then(|range| range.strip_prefix("bytes="));
    let Some(wanted) = wanted.filter(|range| is_file && site.does(Feature::Ranges) && !range.contains(','))
    else {
        return answer;
    };
    if answer.status != StatusCode::OK {
        return answer;
    }
    let length = answer.body.len();
    let Some((first, last)) = bounds(wanted, length) else {
        answer.status = StatusCode::RANGE_NOT_SATISFIABLE;
        answer.set(header::CONTENT_RANGE, format!("bytes */{length}"));
        answer.body = Bytes::new();
        return answer;
    };
    answer.status = StatusCode::PARTIAL_CONTENT;
    answer.set(header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}"));
    answer.body = answer.body.slice(first..=last);
    answer
}

/// First and last byte, inside the file.
fn bounds(range: &str, length: usize) -> Option<(usize, usize)> {
    let end = length.checked_sub(1)?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = match (first, last) {
        ("", suffix) => (length.saturating_sub(suffix.parse().ok().filter(|count| *count > 0)?), end),
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, last.parse::<usize>().ok()?.min(end)),
    };
    (first <= last && first <= end).then_some((first, last))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_stays_inside_the_file() {
        assert_eq!(bounds("0-3", 10), Some((0, 3)));
        assert_eq!(bounds("5-", 10), Some((5, 9)));
        assert_eq!(bounds("-4", 10), Some((6, 9)));
        assert_eq!(bounds("-40", 10), Some((0, 9)));
        assert_eq!(bounds("8-40", 10), Some((8, 9)));
        for range in ["10-", "-0", "4-3", "a-b", "", "0-3"] {
            let length = if range == "0-3" { 0 } else { 10 };
            assert_eq!(bounds(range, length), None, "{range}");
        }
    }

    #[test]
    fn the_client_gets_the_form_it_likes_best() {
        let site = Site::new();
        let pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
        assert_eq!(preferred(&site, pip), Some(page::JSON));
        assert_eq!(preferred(&site.clone().without(Feature::Json), pip), Some(page::HTML));
        assert_eq!(preferred(&site, "*/*"), Some(page::LEGACY_HTML));
        assert_eq!(preferred(&site.without(Feature::Html), "text/html"), None);
    }
}
