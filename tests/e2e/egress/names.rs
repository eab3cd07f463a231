//! A name server that says what the test wants, differently each time if need be.

use std::{
    net::{IpAddr, Ipv4Addr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
};

/// What a name leads to.
#[derive(Clone, Debug)]
pub(super) enum Record {
    Address(IpAddr),
    Alias(String),
}

/// The answer to the question for a name, given the number of earlier questions for it of this type.
type Zone = Arc<dyn Fn(&str, usize) -> Vec<Record> + Send + Sync>;

/// The name server; every answer may be used once only.
pub(super) struct Names {
    zone: Arc<Mutex<Zone>>,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;

impl Names {
    /// Listens where this network's machines ask.
    pub(super) fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
        let zone: Zone = Arc::new(|_, _| Vec::new());
        let names = Self {
            zone: Arc::new(Mutex::new(zone)),
            asked: Arc::default(),
        };
        let (zone, asked) = (Arc::clone(&names.zone), Arc::clone(&names.asked));
        thread::spawn(move || {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question) {
                let zone = zone.lock().unwrap().clone();
                let answer = answered(&question[..length], &zone, &asked);
                socket.send_to(&answer, from).unwrap();
            }
        });
        names
    }

    /// From now on, this is what names lead to.
    pub(super) fn say(&self, zone: impl Fn(&str, usize) -> Vec<Record> + Send + Sync + 'static) {
        self.asked.lock().unwrap().clear();
        *self.zone.lock().unwrap() = Arc::new(zone);
    }

    /// From now on, every name leads to these addresses.
    pub(super) fn lead_to(&self, addresses: &[&str]) {
        let records: Vec<_> = addresses
            .iter()
            .map(|address| Record::Address(address.parse().unwrap()))
            .collect();
        self.say(move |_, _| records.clone());
    }
}

/// The answer to one question: its records of the wanted type, and all aliases.
fn answered(question: &[u8], zone: &Zone, asked: &Mutex<Vec<(String, u16)>>) -> Vec<u8> {
    let (name, kind, end) = read(question);
    let earlier = {
        let mut asked = asked.lock().unwrap();
        let this = (name.clone(), kind);
        let earlier = asked.iter().filter(|asked| **asked == this).count();
        asked.push(this);
        earlier
    };
    let mut records = Vec::new();
    let (mut at, mut depth) = (name, 0);
    // As a resolver does, which follows an alias to its end.
    while depth < 4 {
        let mut next = None;
        for record in zone(&at, earlier) {
            match record {
                Record::Address(IpAddr::V4(address)) if kind == A => {
                    records.push((at.clone(), A, address.octets().to_vec()));
                }
                Record::Address(IpAddr::V6(address)) if kind == AAAA => {
                    records.push((at.clone(), AAAA, address.octets().to_vec()));
                }
                Record::Address(_) => {}
                Record::Alias(to) => {
                    records.push((at.clone(), CNAME, written(&to)));
                    next = Some(to);
                }
            }
        }
        let Some(to) = next else { break };
        (at, depth) = (to, depth + 1);
    }
    let mut answer = question[..2].to_vec();
    // A response with recursion, no error, one question, and so many answers.
    answer.extend([0x81, 0x80, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    answer.extend(&question[12..end]);
    for (name, kind, data) in records {
        answer.extend(written(&name));
        answer.extend(kind.to_be_bytes());
        // Class "internet", and a lifetime of 0.
        answer.extend([0, 1, 0, 0, 0, 0]);
        answer.extend((data.len() as u16).to_be_bytes());
        answer.extend(data);
    }
    answer
}

/// The name and the type that are asked for, and where the question ends.
fn read(question: &[u8]) -> (String, u16, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).to_lowercase());
        at = end;
    }
    let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
    (labels.join("."), kind, at + 5)
}

fn written(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}
