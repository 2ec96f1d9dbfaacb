//! Who users are to businesses: ids, acquaintances, portfolios above others, users who change their number.

use ahoy_calling::identity::Acquaintance;
use ahoy_calling::message::Side;
use ahoy_types::{BusinessId, Direction, PhoneNumberId, RuleTime, UserId, WaId};

use super::samples::{self, BUSINESS, NUMBER};
use super::{read, try_write, write};
use crate::{ShownId, Store};

const ID: &str = "GB.90000000000000000001";
const OTHER: &str = "GB.90000000000000000002";
const ABOVE: &str = "GB.ENT.90000000000000000003";

fn shown(business: BusinessId, user: WaId, parent: bool, id: &str) -> ShownId {
    ShownId {
        business,
        user,
        parent,
        id: id.parse().unwrap(),
    }
}

fn id(text: &str) -> UserId {
    text.parse().unwrap()
}

/// An id leads to its user in its own portfolio and nowhere else; the newest one counts.
pub fn an_id_belongs_to_one_portfolio(store: &mut dyn Store) {
    let theirs = BusinessId(731_000_000_000_001);
    let (ana, ben) = (samples::wa_id(0), samples::wa_id(1));
    write(store, |tx| {
        tx.put_user_id(&shown(BUSINESS, ana, false, ID))?;
        tx.put_user_id(&shown(BUSINESS, ana, true, ABOVE))?;
        tx.put_user_id(&shown(theirs, ben, false, ID))
    });
    read(store, |rows| {
        assert_eq!(rows.user_id(BUSINESS, ana, false)?, Some(id(ID)));
        assert_eq!(rows.user_id(BUSINESS, ana, true)?, Some(id(ABOVE)));
        assert_eq!(rows.user_id(BUSINESS, ben, false)?, None);
        assert_eq!(rows.user_by_id(BUSINESS, &id(ID))?, Some(ana));
        assert_eq!(rows.user_by_id(BUSINESS, &id(ABOVE))?, Some(ana));
        assert_eq!(rows.user_by_id(theirs, &id(ID))?, Some(ben));
        assert_eq!(rows.user_by_id(theirs, &id(OTHER))?, None);
        assert_eq!(
            rows.ids_of_user(ana)?,
            [
                shown(BUSINESS, ana, false, ID),
                shown(BUSINESS, ana, true, ABOVE)
            ]
        );
        Ok(())
    });
    write(store, |tx| {
        tx.put_user_id(&shown(BUSINESS, ana, false, OTHER))
    });
    read(store, |rows| {
        assert_eq!(rows.user_by_id(BUSINESS, &id(ID))?, None);
        assert_eq!(rows.user_by_id(BUSINESS, &id(OTHER))?, Some(ana));
        Ok(())
    });
}

/// A portfolio has at most one above it, and can lose it.
pub fn a_portfolio_has_one_above_it(store: &mut dyn Store) {
    let (first, second) = (BusinessId(1), BusinessId(2));
    let parent = |store: &dyn Store| read(store, |rows| rows.parent_of(BUSINESS));
    assert_eq!(parent(store), None);
    for above in [Some(first), Some(second), None] {
        write(store, |tx| tx.put_parent(BUSINESS, above));
        assert_eq!(parent(store), above);
    }
}

/// A portfolio knows what one of its numbers knows, and nothing of others'.
pub fn what_one_number_knows_its_portfolio_knows(store: &mut dyn Store) {
    let (other, ana) = (PhoneNumberId(NUMBER.0 + 1), samples::wa_id(0));
    let at = |secs| Acquaintance {
        met_at: Some(RuleTime::from_secs(secs)),
        in_book: secs == 1,
    };
    write(store, |tx| {
        tx.put_business(&samples::business())?;
        tx.put_waba(&samples::waba())?;
        for number in [NUMBER, other] {
            let mut row = samples::number(number);
            row.number = WaId::from_u64(442_079_460_000 + number.0 % 10);
            tx.put_number(&row)?;
        }
        tx.put_acquaintance(NUMBER, ana, &Acquaintance::default())?;
        tx.put_acquaintance(NUMBER, ana, &at(1))?;
        tx.put_acquaintance(other, ana, &at(2))?;
        tx.put_acquaintance(PhoneNumberId(1), ana, &at(3))
    });
    read(store, |rows| {
        assert_eq!(rows.acquaintance(NUMBER, ana)?, Some(at(1)));
        assert_eq!(rows.acquaintance(NUMBER, samples::wa_id(1))?, None);
        let known = rows.acquaintance_of(BUSINESS, ana)?;
        assert_eq!((known.met_at, known.in_book), (at(2).met_at, true));
        let nothing = Acquaintance::default();
        assert_eq!(rows.acquaintance_of(BusinessId(1), ana)?, nothing);
        assert_eq!(
            rows.numbers_that_know(ana)?,
            [PhoneNumberId(1), NUMBER, other]
        );
        Ok(())
    });
}

/// Chats, calls and permissions go with the user; ids do not.
pub fn a_user_takes_everything_along_to_another_number(store: &mut dyn Store) {
    let (from, to) = (samples::wa_id(1), samples::wa_id(7));
    let call = samples::call(1, NUMBER, Direction::UserInitiated);
    assert_eq!(call.user, from, "the sample is of this user");
    let message = super::messages::text(1, Side::User);
    let met = Acquaintance {
        met_at: Some(RuleTime::from_secs(5)),
        in_book: true,
    };
    write(store, |tx| {
        tx.put_business(&samples::business())?;
        tx.put_waba(&samples::waba())?;
        tx.put_number(&samples::number(NUMBER))?;
        tx.put_user(&samples::user(1))?;
        tx.put_pair(NUMBER, from, &samples::pair())?;
        tx.put_call(&call)?;
        tx.put_message(&message)?;
        tx.put_acquaintance(NUMBER, from, &met)?;
        tx.put_user_id(&shown(BUSINESS, from, false, ID))
    });
    write(store, |tx| tx.move_user(from, to));
    read(store, |rows| {
        assert_eq!(rows.user(from)?, None);
        assert_eq!(rows.user(to)?.map(|u| u.name), Some(samples::user(1).name));
        assert_eq!(rows.pair(NUMBER, to)?, samples::pair());
        assert_eq!(rows.pair(NUMBER, from)?, Default::default());
        assert_eq!(rows.call(&call.id)?.map(|c| c.user), Some(to));
        assert_eq!(rows.messages_of_pair(NUMBER, to, 9)?.len(), 1);
        assert_eq!(rows.messages_of_pair(NUMBER, from, 9)?, []);
        assert_eq!(rows.acquaintance(NUMBER, to)?, Some(met));
        assert_eq!(rows.acquaintance(NUMBER, from)?, None);
        assert_eq!(rows.user_by_id(BUSINESS, &id(ID))?, None);
        assert_eq!(rows.ids_of_user(to)?, []);
        assert_eq!(
            (rows.former_holders(from)?, rows.former_holders(to)?),
            (1, 0)
        );
        Ok(())
    });
    assert!(try_write(store, |tx| tx.move_user(from, to)).is_err());
    write(store, |tx| tx.move_user(to, from));
    write(store, |tx| tx.move_user(from, to));
    assert_eq!(read(store, |rows| rows.former_holders(from)), 2);
}
