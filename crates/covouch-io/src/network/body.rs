//! Reads the body of an answer, within limits of bytes and silence.

use std::{
    error::Error,
    io::{self, Read as _},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use covouch_core::shown::Shown;
use flate2::bufread::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::{
    error::{FetchError, Unreachable, Wrong, root_cause},
    recorder::Tape,
};
use crate::{limits, secrets::RedactedUrl, state::CachedFile};

/// The bytes of an answer, as they come.
pub struct Body {
    source: Source,
    idle: Duration,
    shown: RedactedUrl,
    tape: Option<Box<Tape>>,
}

enum Source {
    Server(Incoming),
    Disk(CachedFile),
}

impl Body {
    pub(super) fn new(incoming: Incoming, idle: Duration, shown: RedactedUrl) -> Self {
        Self { source: Source::Server(incoming), idle, shown, tape: None }
    }

    /// The bytes of a file on disk.
    pub(super) fn of_disk(file: CachedFile, shown: RedactedUrl) -> Self {
        Self { source: Source::Disk(file), idle: Duration::ZERO, shown, tape: None }
    }

    /// The same bytes, which are recorded when they were all read.
    pub(super) fn recorded(self, tape: Option<Tape>) -> Self {
        Self { tape: tape.map(Box::new), ..self }
    }

    /// The next piece; `None` at the end that the server announced.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`] when nothing comes for too long, or the connection ends too early.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, FetchError> {
        let piece = self.next().await?;
        match &piece {
            Some(piece) => self.tape.iter_mut().for_each(|tape| tape.write(piece)),
            None => self.tape.take().into_iter().for_each(|tape| tape.finish()),
        }
        Ok(piece)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let incoming = match &mut self.source {
            Source::Server(incoming) => incoming,
            Source::Disk(file) => {
                let mut piece = Vec::new();
                let read = file.take(limits::PIECE_BYTES).read_to_end(&mut piece);
                let unreachable = |why| FetchError::Unreachable { url: self.shown.clone(), why };
                let broken = |error: io::Error| unreachable(Unreachable::Broken(error.to_string()));
                return Ok((read.map_err(broken)? > 0).then(|| piece.into()));
            }
        };
        loop {
            let next = tokio::time::timeout(self.idle, incoming.frame()).await;
            let unreachable = |why| FetchError::Unreachable { url: self.shown.clone(), why };
            match next.map_err(|_| unreachable(Unreachable::TimedOut(self.idle)))? {
                None => return Ok(None),
                Some(Err(error)) => return Err(unreachable(broken(&error))),
                // A frame without data is a trailer.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Ok(Some(data)),
                    _ => {}
                },
            }
        }
    }

    /// All bytes, when they are no more than `limit`.
    pub(super) async fn all(mut self, limit: usize) -> Result<Bytes, FetchError> {
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if piece.len() > limit.saturating_sub(bytes.len()) {
                return Err(FetchError::Wrong { url: self.shown, why: too_large(limit) });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }
}

/// Undoes gzip, never making more than `limit` bytes: a kilobyte can stand for a megabyte of zeros.
pub(super) fn gunzip(bytes: &[u8], limit: usize) -> Result<Bytes, Wrong> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most.saturating_add(1)).read_to_end(&mut plain);
    if plain.len() > limit {
        return Err(too_large(limit));
    }
    match read {
        Ok(_) => Ok(plain.into()),
        Err(_) => Err(not_gzip()),
    }
}

pub(super) fn too_large(limit: usize) -> Wrong {
    Wrong::TooLarge(u64::try_from(limit).unwrap_or(u64::MAX))
}

pub(super) fn not_gzip() -> Wrong {
    Wrong::Encoding(Shown::new("gzip"))
}

fn broken(error: &(dyn Error + 'static)) -> Unreachable {
    Unreachable::Broken(root_cause(error))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2048);
        assert_eq!(gunzip(&bomb, (1 << 20) - 1), Err(Wrong::TooLarge((1 << 20) - 1)));
        assert_eq!(gunzip(&bomb, 1 << 20).unwrap().len(), 1 << 20);
    }

    #[test]
    fn a_torn_archive_is_no_page() {
        let mut torn = gzip(b"a page");
        torn.pop();
        assert_eq!(gunzip(&torn, 100), Err(not_gzip()));
        assert_eq!(gunzip(b"plain", 100), Err(not_gzip()));
    }
}
