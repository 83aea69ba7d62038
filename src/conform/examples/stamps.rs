//! What the printed stamps stand for in a run.

use std::collections::BTreeMap;

use crate::time::Time;

/// The stamps of a run by the printed ones.
pub(super) type Stamps = BTreeMap<Time, Time>;

/// Equal printed stamps stand for equal ones, different ones for different ones in the same order.
pub(super) fn bind(
    mut stamps: Stamps,
    pairs: impl Iterator<Item = (Time, Time)>,
) -> Result<Stamps, String> {
    for (printed, found) in pairs {
        let known = *stamps.entry(printed).or_insert(found);
        if known != found {
            return Err(format!(
                "the stamp printed as {printed} is {found} here and {known} elsewhere in the run"
            ));
        }
        let late = stamps.range(..printed).next_back().filter(|(_, before)| **before >= found);
        let mut after = stamps.range(printed..).skip(1);
        let early = after.next().filter(|(_, after)| **after <= found);
        if let Some((other, value)) = late.or(early) {
            return Err(format!(
                "the stamps printed as {printed} and {other} are {found} and {value}: not in \
                 their order"
            ));
        }
    }
    Ok(stamps)
}
