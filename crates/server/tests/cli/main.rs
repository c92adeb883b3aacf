//! The built binary, as an operator and a script use it: a directory, some variables, words.

mod clients;
mod https;
mod machine;
mod people;
mod serving;
mod store;
