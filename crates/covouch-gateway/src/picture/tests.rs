//! What a picture must show, and must not let through.

use covouch_core::{
    digest::Sha256, key::SecretKey, level::Level, name::ProjectName, party::PartyName, subject::FileName,
    version::Version,
};
use covouch_graph::{Parties, Party, PartyIndex, Weights};
use covouch_testkit::keys;

use super::*;

fn subject() -> Subject {
    Subject {
        project: ProjectName::parse("six").unwrap(),
        version: Version::parse("1.0").unwrap(),
        filename: FileName::parse("six-1.0.tar.gz").unwrap(),
        sha256: Sha256::of(b"six"),
    }
}

fn party() -> PartyIndex {
    let name = PartyName::parse("a").unwrap();
    let party =
        Party { name: name.clone(), roots: Vec::new(), owner: None, weights: Weights::NONE, depth: 2 };
    Parties::new(vec![party]).unwrap().index_of(&name).unwrap()
}

/// A chain through these keys.
fn chain(names: &[String], percent: u8) -> Chain {
    Chain {
        party: party(),
        level: Level::Author,
        amount: Amount::from_percent(percent).unwrap(),
        keys: names.iter().map(|name| *SecretKey::public_key(&keys::secret(name))).collect(),
        delegations: Vec::new(),
        end: Certification::Finding("x".into()),
    }
}

fn drawn(party: &str, format: Format, used: &[Used]) -> String {
    let chains = [chain(&[], 50)];
    let ways: Vec<_> = used.iter().map(|used| Way { party, chains: &chains, used: *used }).collect();
    render(&subject(), &ways, format)
}

#[test]
fn a_name_cannot_end_a_label() {
    let hostile = "\"]</text><script>\\|#;\u{1b}[31m";
    let [svg, dot, mermaid] =
        [Format::Svg, Format::Dot, Format::Mermaid].map(|format| drawn(hostile, format, &[Used::Yes]));
    assert!(!(svg.clone() + &dot + &mermaid).contains('\u{1b}'));
    assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"), "{svg}");
    assert!(dot.contains("label=\"\\\"]"), "{dot}");
    assert!(!mermaid.contains("<script>") && mermaid.contains("#34;"), "{mermaid}");
}

#[test]
fn what_is_used_is_bold_and_adds_up() {
    let text = drawn("a", Format::Dot, &[Used::Yes, Used::No]);
    assert!(text.contains("label=\"author 50%\", style=bold"), "{text}");
    let text = drawn("a", Format::Mermaid, &[Used::Yes, Used::Yes]);
    assert!(text.contains("n1 ==>|\"author 100%\"| n0"), "{text}");
    let text = drawn("a", Format::Mermaid, &[Used::No]);
    assert!(text.contains("-.->"), "{text}");
}

/// The rectangles of a picture with this height: 48 for boxes, 16 for labels.
fn areas(svg: &str, height: &str) -> Vec<[usize; 4]> {
    let number = |line: &str, name: &str| -> Option<usize> {
        let (_, rest) = line.split_once(&format!(" {name}=\""))?;
        rest.split_once('"')?.0.parse().ok()
    };
    let lines = svg.lines().filter(|line| line.starts_with("<rect x="));
    let areas = lines.filter(|line| line.contains(&format!("height=\"{height}\"")));
    areas.map(|line| ["x", "y", "width", "height"].map(|name| number(line, name).unwrap())).collect()
}

fn meet(one: &[usize; 4], other: &[usize; 4]) -> bool {
    one[0] < other[0] + other[2]
        && other[0] < one[0] + one[2]
        && one[1] < other[1] + other[3]
        && other[1] < one[1] + one[3]
}

/// Four parties, each with a root key, that share three leads and five reviewers.
fn crowded() -> Vec<(String, Vec<Chain>)> {
    let party = |number: usize| {
        let through = |lead: usize| {
            let names = [
                format!("root {number}"),
                format!("lead {}", (number + lead) % 3),
                format!("reviewer {}", (number * 2 + lead) % 5),
            ];
            chain(&names, 40)
        };
        (format!("party-{number}"), vec![through(0), through(1), chain(&[format!("root {number}")], 20)])
    };
    (0..4).map(party).collect()
}

fn crowded_ways(parties: &[(String, Vec<Chain>)]) -> Vec<Way<'_>> {
    parties.iter().map(|(party, chains)| Way { party, chains, used: Used::Yes }).collect()
}

#[test]
fn labels_and_boxes_stand_apart_within_the_picture_even_when_it_is_crowded() {
    let parties = crowded();
    let svg = render(&subject(), &crowded_ways(&parties), Format::Svg);
    let (boxes, labels) = (areas(&svg, "48"), areas(&svg, "16"));
    assert_eq!(boxes.len(), 4 + 4 + 3 + 5 + 1);
    assert!(labels.len() > 20, "{}", labels.len());
    let all: Vec<_> = boxes.iter().chain(&labels).collect();
    for (position, one) in all.iter().enumerate() {
        for other in all.iter().skip(position + 1) {
            assert!(!meet(one, other), "{one:?} lies on {other:?}\n{svg}");
        }
    }
    let size = |name: &str| -> usize {
        let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    let (width, height) = (size("width"), size("height"));
    assert!(all.iter().all(|area| area[0] + area[2] <= width && area[1] + area[3] <= height));
    // Parties on the left, the file alone on the right.
    let left = boxes.iter().map(|area| area[0]).min().unwrap();
    let right = boxes.iter().map(|area| area[0]).max().unwrap();
    assert_eq!(boxes.iter().filter(|area| area[0] == left).count(), 4);
    assert_eq!(boxes.iter().filter(|area| area[0] == right).count(), 1);
}

#[test]
fn arrows_lead_right_also_where_a_key_is_reached_on_ways_of_different_length() {
    let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let chains = [chain(&names("a b"), 50), chain(&names("c a"), 50)];
    let picture = Picture::of(&subject(), &[Way { party: "p", chains: &chains, used: Used::Yes }]);
    assert!(picture.arrows.keys().all(|(from, to)| picture.column(*from) < picture.column(*to)));
    // In a circle that cannot be; every box still has a place.
    let circle = [chain(&names("a b"), 50), chain(&names("b a"), 50)];
    let picture = Picture::of(&subject(), &[Way { party: "p", chains: &circle, used: Used::Yes }]);
    assert!(picture.boxes.iter().all(|drawn| drawn.column <= 3));
}

#[test]
fn a_crowd_is_cut_short_and_the_picture_says_so() {
    let names = |number: usize| [format!("key {number}")];
    let of = |count: usize| -> Vec<Chain> { (0..count).map(|number| chain(&names(number), 1)).collect() };
    let drawn = |chains: &[Chain]| {
        render(&subject(), &[Way { party: "p", chains, used: Used::Yes }], Format::Mermaid)
    };
    let all = drawn(&of(limits::PICTURE_CHAINS));
    assert!(!all.contains("more chains"), "{all}");
    let cut = drawn(&of(limits::PICTURE_CHAINS + 2_000));
    assert!(cut.contains("and 2000 more chains"), "{cut}");
    assert_eq!(cut.lines().count(), all.lines().count());
}
