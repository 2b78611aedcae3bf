//! The policy language, the judge and the analysis.
