//! Passwords that are tried first: repetitions, rows of keys, and a list.
//!
//! The list is short because only long passwords reach it: single words that everybody uses,
//! which alone or strung together with digits and marks make no password, and whole phrases.

/// The longest unit whose mere repetition is refused.
const LONGEST_UNIT: usize = 8;

/// Rows in which one key follows another, read both ways.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "!@#$%^&*()_+",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
];

/// Words that make no password by themselves, nor one after the other.
const WORDS: &[&str] = &[
    "abc",
    "access",
    "account",
    "admin",
    "administrator",
    "alexander",
    "amanda",
    "andrea",
    "andrew",
    "angel",
    "anthony",
    "apple",
    "ashley",
    "asdf",
    "asdfgh",
    "azerty",
    "bailey",
    "baseball",
    "basketball",
    "batman",
    "buster",
    "butterfly",
    "changeit",
    "changeme",
    "charlie",
    "cheese",
    "chelsea",
    "chocolate",
    "computer",
    "cookie",
    "daniel",
    "default",
    "demo",
    "diamond",
    "dragon",
    "enter",
    "facebook",
    "family",
    "flower",
    "football",
    "forever",
    "freedom",
    "friends",
    "god",
    "google",
    "guest",
    "hallo",
    "hannah",
    "harley",
    "hello",
    "hockey",
    "hunter",
    "internet",
    "is",
    "jennifer",
    "jessica",
    "jesus",
    "jordan",
    "joshua",
    "killer",
    "letmein",
    "liverpool",
    "login",
    "love",
    "iloveyou",
    "loveme",
    "lovely",
    "maggie",
    "mandate",
    "manager",
    "master",
    "matthew",
    "me",
    "michael",
    "michelle",
    "monkey",
    "mustang",
    "my",
    "mypass",
    "mypassword",
    "new",
    "nicole",
    "ninja",
    "nothing",
    "office",
    "pass",
    "passphrase",
    "passw",
    "passwd",
    "passwort",
    "password",
    "passwords",
    "pepper",
    "please",
    "pokemon",
    "princess",
    "purple",
    "qazwsx",
    "qwer",
    "qwert",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "ranger",
    "robert",
    "root",
    "samantha",
    "samsung",
    "secret",
    "secure",
    "server",
    "service",
    "shadow",
    "snoopy",
    "soccer",
    "spring",
    "spiderman",
    "starwars",
    "summer",
    "sunshine",
    "superman",
    "support",
    "system",
    "temp",
    "temporary",
    "test",
    "tester",
    "testing",
    "thomas",
    "tigger",
    "the",
    "this",
    "thunder",
    "trustno",
    "user",
    "username",
    "welcome",
    "whatever",
    "winter",
    "autumn",
    "yankees",
    "you",
    "your",
    "zaq",
    "zxcvbn",
    "zxcvbnm",
    "пароль",
    "привет",
    "contraseña",
    "senha",
    "motdepasse",
    "parola",
];

/// Phrases as everybody quotes them, letters only.
const PHRASES: &[&str] = &[
    "allyourbasearebelongtous",
    "askandyoushallreceive",
    "beamupscotty",
    "beammeupscotty",
    "correcthorsebatterystaple",
    "cogitoergosum",
    "dontworrybehappy",
    "elementarymydearwatson",
    "flybutterflyfly",
    "fourscoreandsevenyearsago",
    "franklymydearidontgiveadamn",
    "getoffmylawn",
    "givemelibertyorgivemedeath",
    "gobigorgohome",
    "goaheadmakemyday",
    "happybirthdaytoyou",
    "happyhappyjoyjoy",
    "hastalavistababy",
    "heresjohnny",
    "houstonwehaveaproblem",
    "ihaveadream",
    "illbeback",
    "iloveyoubaby",
    "iloveyoumorethananything",
    "iloveyousomuch",
    "iloveyouverymuch",
    "iamyourfather",
    "inthebeginning",
    "ithinkthereforeiam",
    "itwasthebestoftimes",
    "jesuslovesme",
    "justdoit",
    "keepcalmandcarryon",
    "knowledgeispower",
    "letmeinletmein",
    "liveandletdie",
    "livelaughlove",
    "loremipsumdolorsitamet",
    "luciusisfantastic",
    "maytheforcebewithyou",
    "meinpasswort",
    "michaeljackson",
    "mynameisbond",
    "neverevergiveup",
    "nevergonnagiveyouup",
    "nothingelsematters",
    "nowisthetimeforallgoodmen",
    "onceuponatime",
    "onetwothreefour",
    "onetwothreefourfive",
    "onetwothreefourfivesix",
    "openthepodbaydoorshal",
    "opensesameopensesame",
    "ourfatherwhoartinheaven",
    "quickbrownfox",
    "rememberthealamo",
    "rosesareredvioletsareblue",
    "shallicomparetheetoasummersday",
    "somewhereovertherainbow",
    "stairwaytoheaven",
    "thankyouverymuch",
    "thebeatlesforever",
    "thecakeisalie",
    "theforceisstrong",
    "thegreatgatsby",
    "thelordismyshepherd",
    "thematrixhasyou",
    "thequickbrownfox",
    "thequickbrownfoxjumps",
    "thequickbrownfoxjumpsoverthelazydog",
    "theraininspain",
    "therecanbeonlyone",
    "theresnoplacelikehome",
    "thetruthisoutthere",
    "thisisapassword",
    "thisisasecret",
    "thisisaverylongpassword",
    "thisismypassword",
    "thisisnotapassword",
    "threeblindmice",
    "tobeornottobe",
    "tobeornottobethatisthequestion",
    "toinfinityandbeyond",
    "troubadour",
    "trustnoone",
    "twinkletwinklelittlestar",
    "veryveryverysecret",
    "wearethechampions",
    "wearethebestofthebest",
    "whatsupdoc",
    "whoyougonnacall",
    "wintericoming",
    "winteriscoming",
    "yesterdayallmytroubles",
    "yippeekiyay",
    "youcanthandlethetruth",
    "youshallnotpass",
];

/// Is it one short unit again and again, the last time perhaps cut off?
pub(super) fn is_repetition(folded: &str) -> bool {
    let chars: Vec<_> = folded.chars().collect();
    let longest = LONGEST_UNIT.min(chars.len() / 2);
    (1..=longest)
        .any(|unit| chars.iter().skip(unit).zip(&chars).all(|(later, earlier)| later == earlier))
}

/// Is it mostly neighbours on a keyboard or in the alphabet, or the same key twice?
pub(super) fn is_run(folded: &str) -> bool {
    let chars: Vec<_> = folded.chars().collect();
    let breaks = chars.windows(2).filter(|pair| !are_neighbours(pair[0], pair[1])).count();
    breaks * 5 <= chars.len()
}

fn are_neighbours(a: char, b: char) -> bool {
    a == b
        || ROWS.iter().any(|row| {
            row.chars().zip(row.chars().skip(1)).any(|pair| pair == (a, b) || pair == (b, a))
        })
}

/// Is it a listed phrase, or nothing but listed words, digits and marks?
pub(super) fn is_listed(folded: &str) -> bool {
    [folded.to_owned(), unmasked(folded)].iter().any(|text| {
        let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
        PHRASES.contains(&letters.as_str()) || is_made_of_words(text)
    })
}

/// Letters in place of the digits and marks that are used for them.
fn unmasked(folded: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    folded.chars().map(letter).collect()
}

/// Can it be read as listed words from end to end, whatever else than letters lies between?
fn is_made_of_words(text: &str) -> bool {
    let runs: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty()).collect();
    let other = text.chars().filter(|c| !c.is_alphabetic()).count();
    let long_word = runs.iter().any(|run| run.chars().count() >= 4);
    long_word && other <= 12 && runs.iter().all(|run| is_strung(run))
}

/// Can `run`, letters only, be cut into listed words?
fn is_strung(run: &str) -> bool {
    let mut reached = vec![false; run.len() + 1];
    reached[0] = true;
    for at in 0..run.len() {
        if !reached[at] {
            continue;
        }
        for word in WORDS {
            if run.as_bytes()[at..].starts_with(word.as_bytes()) {
                reached[at + word.len()] = true;
            }
        }
    }
    reached[run.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_repetitions_that_are_cut_off() {
        for (text, repeats) in [
            ("abcabcab", true),
            ("aaaa", true),
            ("abcdabce", false),
            ("passwordpasswordpass", true),
        ] {
            assert_eq!(is_repetition(text), repeats, "{text}");
        }
    }

    #[test]
    fn leaves_prose_alone() {
        for prose in [
            "we were here before you were",
            "polite reader, redress the poor",
            "12 red kites over 34 hills",
        ] {
            assert!(!is_run(prose) && !is_listed(prose) && !is_repetition(prose), "{prose}");
        }
    }

    #[test]
    fn cuts_strung_words() {
        for (run, strung) in
            [("passwordadmin", true), ("adminadmix", false), ("iloveyou", true), ("", true)]
        {
            assert_eq!(is_strung(run), strung, "{run}");
        }
    }
}
