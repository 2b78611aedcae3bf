//! DER as far as a certificate needs it (ITU-T X.690).

/// `SEQUENCE`.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(0x30, &parts.concat())
}

/// `SET` of one element.
pub(super) fn set(part: &[u8]) -> Vec<u8> {
    value(0x31, part)
}

/// A value under a tag; `0xa0` and above are context tags.
pub(super) fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    [&[tag][..], &length(contents.len()), contents].concat()
}

/// `OBJECT IDENTIFIER`, by its encoded contents.
pub(super) fn object(contents: &[u8]) -> Vec<u8> {
    value(0x06, contents)
}

/// `INTEGER` of a number below 128.
pub(super) fn small(number: u8) -> Vec<u8> {
    value(0x02, &[number])
}

/// `UTF8String`.
pub(super) fn text(text: &str) -> Vec<u8> {
    value(0x0c, text.as_bytes())
}

/// `OCTET STRING`.
pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    value(0x04, bytes)
}

/// `BIT STRING` of whole bytes.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    value(0x03, &[&[0][..], bytes].concat())
}

fn length(length: usize) -> Vec<u8> {
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        return vec![short];
    }
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let count = u8::try_from(bytes.len()).expect("a length has at most eight bytes");
    [&[0x80 | count][..], &bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_takes_as_few_bytes_as_it_can() {
        assert_eq!(length(0x7f), [0x7f]);
        assert_eq!(length(0x80), [0x81, 0x80]);
        assert_eq!(length(0x1234), [0x82, 0x12, 0x34]);
    }
}
