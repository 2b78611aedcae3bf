//! Who vouches for a file, through whom, and how much of it is independent.

pub mod build;
pub mod check;
pub mod limits;
pub mod parties;
pub mod question;
pub mod requirement;
pub mod support;
pub mod veto;

pub use self::{
    build::TrustGraph,
    check::{Admitted, OtherSubject, Proof},
    parties::{Parties, PartiesError, Party, PartyIndex, Weights},
    question::{Answer, Grant, NotMet, Question, Undecidable},
    requirement::Requirement,
    support::{Certification, Chain, PartySupport, SharedKey, Support},
    veto::{VetoFound, independent_vetoes},
};
