//! Systems without the means of Linux.

use super::{Bounds, InForce};

pub(super) fn enforce(_bounds: &Bounds) -> InForce {
    InForce::nothing("only Linux has it")
}
