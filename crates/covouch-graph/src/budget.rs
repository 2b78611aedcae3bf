//! How much work is left for one question. Whatever an outsider can make longer draws on it.

use crate::{limits, question::Undecidable};

/// Counts down; what is exhausted closes with [`Undecidable::Budget`].
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    flow_steps: u64,
    programs: u32,
    demands: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { flow_steps: limits::FLOW_STEPS, programs: limits::PROGRAMS, demands: limits::DEMANDS }
    }
}

impl Budget {
    /// Takes some steps of a flow.
    pub(crate) fn take_flow_steps(&mut self, steps: u64) -> Result<(), Undecidable> {
        self.flow_steps = self.flow_steps.checked_sub(steps).ok_or(Undecidable::Budget)?;
        Ok(())
    }

    /// Takes one linear program.
    pub(crate) fn take_program(&mut self) -> Result<(), Undecidable> {
        self.programs = self.programs.checked_sub(1).ok_or(Undecidable::Budget)?;
        Ok(())
    }

    /// Takes one set of floors and a score to try.
    pub(crate) fn take_demand(&mut self) -> Result<(), Undecidable> {
        self.demands = self.demands.checked_sub(1).ok_or(Undecidable::Budget)?;
        Ok(())
    }
}
