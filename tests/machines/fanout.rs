use crate::cast::*;
use crate::record::*;
use crate::stage::Stage;

#[test]
fn smoke() {
    let mut stage = Stage::full();
    let id = stage.say(BIGCHEESE, "Phaedrus, we're all having a truly rotten time.");
    assert_eq!(stage.record.hop(Hop::MasterToSlave).len(), 3);
    assert!(CAST.iter().all(|who| stage.record.got(who).len() == 1), "{id}");
}
