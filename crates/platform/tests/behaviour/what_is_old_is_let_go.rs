//! Thirty days after the end of a call its SDPs and its webhooks are gone; the call stays.

use ahoy_store::Store;

use crate::support::*;

#[tokio::test]
async fn a_month_later_the_call_is_there_without_its_sdps() {
    let folder = folder();
    let world = World::on(Box::new(folder.open()), Setup::default()).await;
    world.by_hand(&[ANA]).await;
    let old = world.user_calls(ANA).await;
    world.accept(&old).await;
    world.terminate(&old).await;
    world.advance(secs(31 * 86_400)).await;
    let young = world.user_calls(ANA).await;
    world.terminate(&young).await;
    world.until(&young, "terminate").await;
    world.advance(secs(0)).await;
    world.stop().await;

    // A start keeps house.
    let world = World::on(Box::new(folder.reopen().await), Setup::default()).await;
    let cleaned = async {
        while world.outbox().len() != 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, cleaned)
        .await
        .expect("the old call's webhooks go");
    world.stop().await;
    let store = folder.reopen().await;
    let sdps = |id| {
        let mut found = None;
        let mut reader = store.reader().unwrap();
        let look = reader.read(&mut |rows| {
            found = rows.call(&id)?;
            Ok(())
        });
        look.unwrap();
        let call = found.expect("the call stays");
        (call.business_sdp.is_some(), !call.platform_sdp.is_empty())
    };
    assert_eq!(sdps(old), (false, false));
    assert_eq!(sdps(young), (false, true));
}
