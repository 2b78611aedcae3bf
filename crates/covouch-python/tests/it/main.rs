//! Recorded corpora and laws: what the tools of Python packaging said, compared with what we say.

#[cfg(test)]
mod filenames;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod pages;
