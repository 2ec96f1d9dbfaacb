//! A server that speaks SMTP on a socket gets what the platform owes, tries that fail are repeated, and a refusal for
//! good is not.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_calling::price::PriceList;
use ahoy_mail::{MailConfig, MailConfigError, Mailer};
use ahoy_media::MediaConfig;
use ahoy_platform::{Grade, Platform, PlatformConfig, Seed, StandingChange};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{Mail, MailState, Page};
use ahoy_types::PhoneNumberId;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const NUMBER: PhoneNumberId = PhoneNumberId(710_000_000_000_001);

/// A mail server: what its recipients got, and what it answers to `RCPT`.
#[derive(Clone, Default)]
struct Server {
    got: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<&'static str>>>,
}

impl Server {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        url
    }

    async fn serve(&self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut say = async |line: &str| {
            let _ = write.write_all(format!("{line}\r\n").as_bytes()).await;
        };
        say("220 mail.example").await;
        let mut transcript = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            transcript.push_str(&format!("{line}\n"));
            match line.split([' ', ':']).next().unwrap() {
                "EHLO" => say("250 mail.example").await,
                "RCPT" => {
                    let answer = self.answers.lock().unwrap().pop();
                    say(answer.unwrap_or("250 ok")).await;
                }
                "DATA" => {
                    say("354 go on").await;
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        transcript.push_str(&format!("{line}\n"));
                    }
                    self.got.lock().unwrap().push(transcript.clone());
                    say("250 taken").await;
                }
                "QUIT" => {
                    say("221 bye").await;
                    return;
                }
                _ => say("250 ok").await,
            }
        }
    }
}

async fn platform() -> Platform {
    let store = Box::new(SqliteStore::temporary().unwrap());
    let config = PlatformConfig {
        limits: Default::default(),
        create_users: true,
        media: MediaConfig {
            workers: 1,
            ..MediaConfig::default()
        },
        prices: Arc::new(PriceList::published().unwrap()),
        phone_media_wait: Duration::ZERO,
    };
    let (platform, _jobs) = Platform::start(store, config).await.unwrap();
    platform.plant(&Seed::default()).await.unwrap();
    platform
}

async fn with_mailer(platform: &Platform, server: &str) {
    let config = MailConfig {
        server: server.into(),
        from: "Ahoy <ahoy@platform.example>".into(),
    };
    let mailer = Mailer::new(platform.clone(), &config).unwrap();
    let jobs = platform.attach_mailer().await.unwrap();
    tokio::spawn(mailer.run(jobs));
}

async fn pause(platform: &Platform) {
    let change = StandingChange {
        business_calls: Some(Grade::Restricted),
        ..StandingChange::default()
    };
    platform.set_standing(NUMBER, change).await.unwrap();
}

fn mails(platform: &Platform) -> Vec<Mail> {
    let all = Page {
        after: None,
        limit: 10,
    };
    platform.mails(all).unwrap()
}

/// A jump of the clock waits for what is under way, so nothing here sleeps.
async fn advance(platform: &Platform, secs: u64) {
    platform.advance(Duration::from_secs(secs)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_mailed_and_a_failed_try_is_repeated() {
    let server = Server::default();
    server.answers.lock().unwrap().push("451 try later");
    let platform = platform().await;
    with_mailer(&platform, &server.start().await).await;
    pause(&platform).await;
    advance(&platform, 0).await;
    let tried = mails(&platform);
    assert_eq!(tried[0].state, MailState::Retrying, "{tried:?}");
    assert!(tried[0].note.contains("try later"), "{tried:?}");
    advance(&platform, 120).await;
    let sent = mails(&platform);
    assert_eq!((sent[0].state, sent[0].attempts), (MailState::Sent, 2));
    let got = server.got.lock().unwrap().clone();
    assert_eq!(got.len(), 1);
    assert!(
        got[0].contains("RCPT TO:<owner@harbour.example>"),
        "{got:?}"
    );
    assert!(
        got[0].contains("Subject: Calls of +44 20 7946 0000 are paused"),
        "{got:?}"
    );
    assert!(got[0].contains("From: Ahoy <ahoy@platform.example>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_is_the_end() {
    let server = Server::default();
    server.answers.lock().unwrap().push("550 no such mailbox");
    let platform = platform().await;
    with_mailer(&platform, &server.start().await).await;
    pause(&platform).await;
    advance(&platform, 86_400).await;
    let refused = mails(&platform);
    assert_eq!(
        (refused[0].state, refused[0].attempts),
        (MailState::Failed, 1)
    );
    assert!(refused[0].note.contains("no such mailbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_down_is_given_up_after_days() {
    let platform = platform().await;
    // A port that was free a moment ago and takes no connection.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    with_mailer(&platform, &format!("smtp://{address}")).await;
    pause(&platform).await;
    advance(&platform, 4 * 86_400).await;
    let given_up = mails(&platform);
    assert_eq!(given_up[0].state, MailState::Failed);
    assert!(given_up[0].attempts > 5, "{given_up:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_work_names_its_key() {
    let platform = platform().await;
    let refused = |server: &str, from: &str| {
        let config = MailConfig {
            server: server.into(),
            from: from.into(),
        };
        Mailer::new(platform.clone(), &config).err().unwrap()
    };
    assert!(matches!(
        refused("http://mail.example", "a@b.example"),
        MailConfigError::Server(_)
    ));
    assert!(matches!(
        refused("smtp://mail.example", "nobody"),
        MailConfigError::From(..)
    ));
}
