//! From where a key works: the allow-lists of its organisation, its project and itself.

use crate::base::network;
use ipnet::IpNet;
use std::net::IpAddr;

/// Every list there is must have the address; a list with nothing in it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Vec<IpNet>>);

impl Networks {
    /// From the JSON lists that rows keep; an absent one says nothing.
    ///
    /// # Errors
    /// When a list cannot be read.
    pub fn from_rows(lists: [&Option<String>; 3]) -> Result<Self, String> {
        let present = lists.into_iter().flatten();
        present.map(|list| read(list)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is no list at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Allows only what is in this list too.
    pub fn narrow(&mut self, list: Vec<IpNet>) {
        self.0.push(list);
    }

    /// Whether an address is allowed.
    #[must_use]
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().all(|list| list.iter().any(|network| network.contains(&address)))
    }
}

fn read(list: &str) -> Result<Vec<IpNet>, String> {
    let texts: Vec<String> = serde_json::from_str(list).map_err(|error| error.to_string())?;
    texts.iter().map(|text| network::parse(text).map_err(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_must_have_the_address() {
        let list = |text: &str| Some(text.to_owned());
        let wide = list(r#"["10.0.0.0/8","192.0.2.7"]"#);
        let narrow = list(r#"["10.1.0.0/16"]"#);
        let both = Networks::from_rows([&wide, &None, &narrow]).unwrap();
        assert!(both.allow("10.1.2.3".parse().unwrap()) && both.allow("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!both.allow("10.2.0.1".parse().unwrap()) && !both.allow("192.0.2.7".parse().unwrap()));
        let none = Networks::from_rows([&None, &None, &None]).unwrap();
        assert!(none.allow("2001:db8::1".parse().unwrap()));
        let nobody = Networks::from_rows([&list("[]"), &None, &None]).unwrap();
        assert!(!nobody.allow("10.1.2.3".parse().unwrap()));
        assert!(Networks::from_rows([&list("broken"), &None, &None]).is_err());
    }
}
