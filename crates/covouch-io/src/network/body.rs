//! Reads the body of an answer, within limits of bytes, silence and slowness.

use std::{error::Error, io::Read as _, time::Duration};

use bytes::{Bytes, BytesMut};
use covouch_core::shown::Shown;
use flate2::bufread::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::{
    Patience,
    error::{FetchError, Unreachable, Wrong, root_cause},
    pace::Stretch,
    recorder::Tape,
};
use crate::{limits, secrets::RedactedUrl, state::CachedFile};

/// The bytes of an answer, as they come.
pub struct Body {
    source: Source,
    shown: RedactedUrl,
    tape: Option<Box<Tape>>,
}

enum Source {
    Server(Sender),
    Disk(CachedFile),
}

/// A server that sends, and the patience that is left with it.
struct Sender {
    incoming: Incoming,
    idle: Duration,
    stretch: Stretch,
}

impl Sender {
    /// The next piece that has something in it.
    async fn next(&mut self) -> Result<Option<Bytes>, Unreachable> {
        let mut silence = Duration::ZERO;
        loop {
            let wait = self.stretch.left().min(self.idle.saturating_sub(silence));
            let begun = Instant::now();
            let next = tokio::time::timeout(wait, self.incoming.frame()).await;
            let waited = begun.elapsed();
            silence = silence.saturating_add(waited);
            let data = match next {
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(broken(&error)),
                // A frame without data is a trailer.
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                Err(_) if silence >= self.idle => return Err(Unreachable::TimedOut(self.idle)),
                Err(_) => Bytes::new(),
            };
            let within = self.stretch.within();
            let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.stretch.came(bytes, waited).map_err(|bytes| Unreachable::TooSlow { bytes, within })?;
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
    }
}

impl Body {
    pub(super) fn new(incoming: Incoming, patience: &Patience, shown: RedactedUrl) -> Self {
        let sender = Sender { incoming, idle: patience.idle, stretch: Stretch::begin(patience.pace) };
        Self { source: Source::Server(sender), shown, tape: None }
    }

    /// The bytes of a file on disk.
    pub(super) fn of_disk(file: CachedFile, shown: RedactedUrl) -> Self {
        Self { source: Source::Disk(file), shown, tape: None }
    }

    /// The same bytes, which are recorded when they were all read.
    pub(super) fn recorded(self, tape: Option<Tape>) -> Self {
        Self { tape: tape.map(Box::new), ..self }
    }

    /// The next piece; `None` at the end that the server announced.
    ///
    /// # Errors
    /// [`FetchError::Unreachable`] when nothing comes for too long or too little, or the connection ends too early.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, FetchError> {
        let piece = self.next().await?;
        match &piece {
            Some(piece) => self.tape.iter_mut().for_each(|tape| tape.write(piece)),
            None => self.tape.take().into_iter().for_each(|tape| tape.finish()),
        }
        Ok(piece)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let next = match &mut self.source {
            Source::Server(sender) => sender.next().await,
            Source::Disk(file) => {
                let mut piece = Vec::new();
                let read = file.take(limits::PIECE_BYTES).read_to_end(&mut piece);
                let read = read.map_err(|error| Unreachable::Broken(error.to_string()));
                read.map(|read| (read > 0).then(|| piece.into()))
            }
        };
        next.map_err(|why| FetchError::Unreachable { url: self.shown.clone(), why })
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
    use std::{io::Write as _, time::Duration};

    use http_body_util::Empty;
    use hyper_util::rt::TokioIo;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
        time::sleep,
    };

    use super::*;
    use crate::secrets::redact;

    /// How a server sends: so many bytes at a time, after so many seconds each.
    #[derive(Clone, Copy)]
    struct Manner {
        piece: usize,
        seconds: u64,
    }

    async fn serve(mut stream: DuplexStream, length: usize, manner: Manner) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut left = length;
        while left > 0 {
            sleep(Duration::from_secs(manner.seconds)).await;
            let piece = manner.piece.min(left);
            // Whoever is too slow is left.
            if stream.write_all(&vec![b'x'; piece]).await.is_err() {
                return;
            }
            left -= piece;
        }
    }

    /// An answer of so many bytes, over no network at all.
    async fn answer(length: usize, manner: Manner) -> Body {
        let (ours, theirs) = tokio::io::duplex(1 << 10);
        tokio::spawn(serve(theirs, length, manner));
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.unwrap();
        tokio::spawn(connection);
        let question = http::Request::get("/").body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(question).await.unwrap();
        let shown = redact(&"https://curator.example/timestamp.json".parse().unwrap());
        Body::new(response.into_body(), &Patience::default(), shown)
    }

    async fn taken(length: usize, manner: Manner) -> Result<usize, &'static str> {
        let all = answer(length, manner).await.all(length).await;
        all.map(|bytes| bytes.len()).map_err(|error| error.code().as_str())
    }

    /// TUF §1.5.2: a slow retrieval attack, and an honest line that is slow.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_drips_is_left_and_a_slow_line_is_waited_for() {
        let dripping = Manner { piece: 300, seconds: 1 };
        assert_eq!(taken(64 << 10, dripping).await, Err("fetch-slow"));
        let slow = Manner { piece: 400, seconds: 1 };
        assert_eq!(taken(64 << 10, slow).await, Ok(64 << 10));
        // Nor is a large file cut off that takes an hour, or a small one that takes half a minute.
        assert_eq!(taken(2 << 20, slow).await, Ok(2 << 20));
        assert_eq!(taken(29, Manner { piece: 1, seconds: 1 }).await, Ok(29));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_falls_silent_is_said_to_be_silent() {
        assert_eq!(taken(2, Manner { piece: 1, seconds: 31 }).await, Err("fetch-unreachable"));
        assert_eq!(taken(2, Manner { piece: 1, seconds: 14 }).await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_slow_itself_blames_nobody() {
        let mut body = answer(64 << 10, Manner { piece: 64 << 10, seconds: 0 }).await;
        let mut taken = 0;
        while let Some(piece) = body.piece().await.unwrap() {
            taken += piece.len();
            sleep(limits::PACE_TIME).await;
        }
        assert_eq!(taken, 64 << 10);
    }

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
