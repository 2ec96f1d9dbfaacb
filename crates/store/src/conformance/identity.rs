//! Business-scoped ids of users, and portfolios above others.

use ahoy_types::{BusinessId, UserId};

use super::{read, samples, write};
use crate::Store;

/// An id leads to its user in its own portfolio and nowhere else; the newest one counts.
pub fn an_id_belongs_to_one_portfolio(store: &mut dyn Store) {
    let (ours, theirs) = (samples::BUSINESS, BusinessId(731_000_000_000_001));
    let (ana, ben) = (samples::wa_id(0), samples::wa_id(1));
    let id: UserId = "GB.90000000000000000001".parse().unwrap();
    let other: UserId = "GB.90000000000000000002".parse().unwrap();
    write(store, |tx| {
        tx.put_user_id(ours, ana, &id)?;
        tx.put_user_id(theirs, ben, &id)
    });
    read(store, |rows| {
        assert_eq!(rows.user_id(ours, ana)?.as_ref(), Some(&id));
        assert_eq!(rows.user_id(ours, ben)?, None);
        assert_eq!(rows.user_by_id(ours, &id)?, Some(ana));
        assert_eq!(rows.user_by_id(theirs, &id)?, Some(ben));
        assert_eq!(rows.user_by_id(theirs, &other)?, None);
        Ok(())
    });
    write(store, |tx| tx.put_user_id(ours, ana, &other));
    read(store, |rows| {
        assert_eq!(rows.user_by_id(ours, &id)?, None);
        assert_eq!(rows.user_by_id(ours, &other)?, Some(ana));
        Ok(())
    });
}

/// A portfolio has at most one above it, and can lose it.
pub fn a_portfolio_has_one_above_it(store: &mut dyn Store) {
    let (first, second) = (BusinessId(1), BusinessId(2));
    let parent = |store: &dyn Store| read(store, |rows| rows.parent_of(samples::BUSINESS));
    assert_eq!(parent(store), None);
    for above in [Some(first), Some(second), None] {
        write(store, |tx| tx.put_parent(samples::BUSINESS, above));
        assert_eq!(parent(store), above);
    }
}
