//! Recorded corpora and laws: what the tools of Python packaging said, compared with what we say.

#[cfg(test)]
mod derive_archives;
#[cfg(test)]
mod derive_attacks;
#[cfg(test)]
mod derive_backends;
#[cfg(test)]
mod derive_generated;
#[cfg(test)]
mod derive_packing;
#[cfg(test)]
mod filenames;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod pages;
