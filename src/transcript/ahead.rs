//! Reading in a thread of its own, so that what takes something does not wait for the next.

use std::sync::mpsc;
use std::thread;

/// Take all that `give` hands over, which does so in a thread of its own, and say what came of it.
pub(super) fn ahead<T: Send, E: Send>(
    give: impl FnOnce(&mut dyn FnMut(T)) -> E + Send,
    take: impl FnMut(T),
) -> E {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(BATCHES);
        let giver = scope.spawn(move || {
            let mut batch = Vec::with_capacity(BATCH);
            let end = give(&mut |one| {
                batch.push(one);
                if batch.len() == BATCH {
                    // Nobody takes them any more if that has failed: then nothing matters.
                    let _ = sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
                }
            });
            let _ = sender.send(batch);
            end
        });
        receiver.iter().flatten().for_each(take);
        giver.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// How many are handed over at once, and how often before the first of them are taken.
const BATCH: usize = 256;
const BATCHES: usize = 4;
