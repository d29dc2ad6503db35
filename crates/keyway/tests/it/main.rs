//! Tests of the program from outside: one binary, for each test binary links the whole product.

mod tidy;
