//! Chance that can be repeated: a seed, printed, and named again by MILEPOST_SEED.

use super::say;

pub struct Random(u64);

impl Random {
    /// A seed of the system's, or the one in MILEPOST_SEED.
    pub fn new(test: &str) -> Random {
        use std::hash::{BuildHasher, Hasher};
        let fresh = || std::collections::hash_map::RandomState::new().build_hasher().finish();
        let seed = std::env::var("MILEPOST_SEED")
            .ok()
            .map_or_else(fresh, |seed| seed.parse().expect("MILEPOST_SEED is a number"));
        say(&format!("{test}: MILEPOST_SEED={seed}"));
        Random(seed)
    }

    /// Splitmix64 (Steele, Lea, Flood 2014).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Another chance, that goes on by itself: for what happens beside.
    pub fn fork(&mut self) -> Random {
        Random(self.next())
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
