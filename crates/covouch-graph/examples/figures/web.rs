//! A scale-free web: few keys that everybody knows, many that hardly anybody does; ten appointments a key.

use std::time::Duration;

use covouch_graph::web::{Appointment, NodeIndex, Web};

use crate::{chance::Chance, describe, shortest};

/// Appointments a key.
const EACH: usize = 10;

/// The appointments of a web, made anew each time they are gone through: they are never in memory.
#[derive(Clone)]
struct Appointments {
    chance: Chance,
    keys: usize,
    left: usize,
}

impl Iterator for Appointments {
    type Item = Appointment;

    fn next(&mut self) -> Option<Appointment> {
        self.left = self.left.checked_sub(1)?;
        let from = NodeIndex::new(self.spread(self.left / EACH));
        // The square of a number below 1 makes degrees fall as their cube: few hubs, a long tail.
        let place = self.chance.below(self.keys) * self.chance.below(self.keys) / self.keys;
        let to = NodeIndex::new(self.spread(place));
        Some(Appointment { from, to, depth: self.chance.pick(&[2, 3, 255, 255]) })
    }
}

impl Appointments {
    /// Hubs anywhere in memory, as keys are numbered by nothing that is known of them.
    fn spread(&self, key: usize) -> usize {
        key * 1_000_003 % self.keys
    }
}

pub(crate) fn run(keys: usize) -> Result<(), Box<dyn std::error::Error>> {
    let appointments = Appointments { chance: Chance::new(1), keys, left: keys * EACH };
    let web = Web::new(keys, appointments);
    let root = || [(NodeIndex::new(0), 255)];
    let reached = web.authority(root()).iter().filter(|depth| **depth > 0).count();
    println!("web\t{keys}\t{}\treached\t{reached}", keys * EACH);
    describe("one root to all", (0..9).map(|_| shortest(1, || web.authority(root()))).collect());
    describe("one root to all, processor", (0..9).map(|_| processor(|| web.authority(root()))).collect());
    println!("memory at most\t{:.1}", most_memory()?);
    Ok(())
}

/// The time this thread had a processor (`/proc/thread-self/schedstat`, proc(5)): what others do meanwhile is not in it.
fn processor<T>(work: impl FnOnce() -> T) -> Duration {
    let spent = || {
        // The count of a thread that runs is brought up to date when it steps back.
        std::thread::yield_now();
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0)
    };
    let before: u64 = spent();
    std::hint::black_box(work());
    Duration::from_nanos(spent().saturating_sub(before))
}

/// In MB, as Linux counts it (proc(5)).
fn most_memory() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
