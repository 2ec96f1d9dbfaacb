//! The task behind a session: carries messages between its phone, wherever the socket is, and the platform.

use ahoy_platform::PhoneEvent;
use ahoy_types::WaId;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::exchange::{Exchange, Line, Person};
use crate::hub::Hub;
use crate::protocol::{Misread, Problem, VERSION, goodbye, number_changed};
use crate::session::{Session, Taken};

/// Letters that wait for a session; more make the socket wait.
pub(crate) const MAIL: usize = 32;
/// Messages that wait for a socket: a whole resumption and some more. A socket that takes them slower is lost.
pub(crate) const OUTGOING: usize = 320;

/// What a session is told.
pub(crate) enum Mail {
    /// A socket for it; the answer says whether it can go on from there.
    Attach {
        socket: Socket,
        seen: u64,
        resumed: bool,
        reply: oneshot::Sender<Result<(), Problem>>,
    },
    /// A message came through this socket.
    Text { socket: u64, text: String },
    /// A message came that cannot be read.
    Unreadable { socket: u64, problem: Problem },
    /// This socket is gone.
    Lost { socket: u64 },
    /// The user's phone began another session.
    Replaced,
}

/// The way to a session.
pub(crate) type Inbox = mpsc::Sender<Mail>;

/// A socket as its session sees it.
pub(crate) struct Socket {
    /// Unique in this process.
    pub id: u64,
    /// What is to be sent; the socket closes when this is dropped.
    pub out: mpsc::Sender<String>,
}

/// Whose session it is.
pub(crate) struct Owner {
    pub token: String,
    pub person: Person,
}

/// The session is over.
pub(crate) fn over() -> Problem {
    Problem::new("unknown_session", "This session is over: begin a new one.")
}

/// Runs a session to its end: until its phone is switched off, replaced, or away for too long.
pub(crate) async fn keep<X: Exchange>(
    hub: &Hub<X>,
    owner: &Owner,
    mut session: Session,
    mut line: X::Line,
    mut mail: mpsc::Receiver<Mail>,
) {
    let user = owner.person.wa_id;
    let mut current: Option<Socket> = None;
    let mut alone_since = Instant::now();
    loop {
        let deadline = alone_since + hub.limits().resume;
        let said = tokio::select! {
            letter = mail.recv() => match letter {
                Some(Mail::Attach { socket, seen, resumed, reply }) => {
                    let welcomed = welcome(hub, owner, &session, &socket, seen, resumed);
                    if welcomed.is_ok()
                        && let Some(before) = current.replace(socket)
                    {
                        tell(&before, goodbye("moved", "This session goes on elsewhere."));
                    }
                    let _ = reply.send(welcomed);
                    None
                }
                Some(Mail::Text { socket, text }) if is(&current, socket) => {
                    match session.take(&text) {
                        Taken::Say(said) => Some(said),
                        Taken::Run(request) => {
                            let answer = hub.exchange().perform(user, &request.act).await;
                            Some(session.finished(request, answer))
                        }
                        Taken::Bye => {
                            hub.drop_calls(user, &[]).await;
                            return;
                        }
                    }
                }
                Some(Mail::Unreadable { socket, problem }) if is(&current, socket) => {
                    Some(session.misread(Misread::from(problem)))
                }
                Some(Mail::Lost { socket }) if is(&current, socket) => {
                    current = None;
                    alone_since = Instant::now();
                    None
                }
                // Late letters of a socket the session has left.
                Some(Mail::Text { .. } | Mail::Unreadable { .. } | Mail::Lost { .. }) => None,
                Some(Mail::Replaced) => {
                    if let Some(socket) = &current {
                        tell(socket, goodbye("replaced", "This phone was opened in another place."));
                    }
                    return;
                }
                // The hub has forgotten the session, and no socket knows it.
                None => return,
            },
            event = line.events().recv() => match event {
                Some(PhoneEvent::NumberChanged { to }) => {
                    if let Some(socket) = &current {
                        tell(socket, number_changed(to));
                    }
                    return;
                }
                Some(event) => session.event(event),
                None => return,
            },
            () = sleep_until(deadline), if current.is_none() => return,
        };
        if let Some(said) = said
            && let Some(socket) = &current
            && !tell(socket, said)
        {
            // It takes nothing any more; what it missed is kept for the next one.
            current = None;
            alone_since = Instant::now();
        }
    }
}

fn is(current: &Option<Socket>, id: u64) -> bool {
    current.as_ref().is_some_and(|socket| socket.id == id)
}

fn tell(socket: &Socket, text: String) -> bool {
    socket.out.try_send(text).is_ok()
}

/// The first word to a socket, and what its phone has missed.
fn welcome<X: Exchange>(
    hub: &Hub<X>,
    owner: &Owner,
    session: &Session,
    socket: &Socket,
    seen: u64,
    resumed: bool,
) -> Result<(), Problem> {
    let missed = session.missed(seen)?;
    let user: WaId = owner.person.wa_id;
    let welcome = json!({
        "type": "welcome",
        "version": VERSION,
        "session": owner.token,
        "resumed": resumed,
        "resume_seconds": hub.limits().resume.as_secs(),
        "user": owner.person,
        "calls": hub.exchange().calls(user),
        "seq": session.said(),
    });
    let mut told = tell(socket, welcome.to_string());
    for text in missed {
        told = told && tell(socket, text.to_owned());
    }
    if told { Ok(()) } else { Err(over()) }
}

#[cfg(test)]
mod tests;
