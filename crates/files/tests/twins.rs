//! Tables as people have them beside the same table as it is meant: both are read to the same values, bit for bit, and what
//! was decided is said.  The kinds are those that real files of many packages showed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed, as it should")]

mod common;

use clearprop::table::{Column, Table};
use clearprop_files::table::{Opened, Options, open};
use common::values;
use std::path::PathBuf;

fn place(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("twins");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// The table and what was said, or the error.
fn read(name: &str, bytes: &[u8]) -> Result<(Table, Vec<String>), String> {
    let path = place(name);
    std::fs::write(&path, bytes).unwrap();
    let options = Options { targets: vec!["y".to_owned()], ..Options::default() };
    let mut seen = |_, _| {};
    let Opened::Rows(rows) = open(&path, &options, &mut seen).map_err(|error| error.to_string())? else {
        panic!("{name} is a table")
    };
    let (table, decisions) = rows.read_with_decisions().map_err(|error| error.to_string())?;
    let targets: Vec<String> = table.get("y").map(|_| "y".to_owned()).into_iter().collect();
    let (table, more) = table.answered(&targets).map_err(|error| error.to_string())?;
    Ok((table, decisions.iter().chain(&more).map(ToString::to_string).collect()))
}

/// Both are the same table; each of `said` is a decision about the first.
#[track_caller]
fn twins(name: &str, text: impl AsRef<[u8]>, twin: &str, said: &[&str]) {
    let (table, decisions) = read(name, text.as_ref()).unwrap();
    let (clean, _) = read(&format!("{name}.twin.csv"), twin.as_bytes()).unwrap();
    assert_eq!(values(&table), values(&clean), "{decisions:?}");
    for line in said {
        assert!(decisions.iter().any(|one| one == line), "not said: {line}\n{decisions:#?}");
    }
}

#[test]
fn money_as_swiss_and_germans_write_it() {
    twins(
        "konto.csv",
        "Konto;Saldo;Anteil;y\nA;CHF 1'234.50;12,5 %;ja\nB;CHF 80.00-;7,25 %;nein\nC;CHF 12'000.00;0,5 %;ja\nD;;100 %;nein\n",
        "Konto,Saldo,Anteil,y\nA,1234.5,12.5,ja\nB,-80,7.25,nein\nC,12000,0.5,ja\nD,,100,nein\n",
        &["column 'Saldo': numbers in CHF"],
    );
    twins(
        "saldo.tsv",
        "a\tb\ty\n(1.234,50)\t1 €\tu\n12,30-\t2 €\tv\n7\u{a0}800,00\t\tu\n0,10\t1.500 €\tv\n",
        "a,b,y\n-1234.5,1,u\n-12.3,2,v\n7800,,u\n0.1,1500,v\n",
        &[],
    );
}

#[test]
fn units_in_one_and_in_many() {
    let rows = [("1 day", "3 lbs"), ("2 days", "1 lb"), ("10 days", "2 lbs"), ("1 day", "4 lbs")];
    let line = |(a, b): &(&str, &str)| format!("{a},{b},u\n");
    let plain = |text: &str| text.split(' ').next().unwrap().to_owned();
    twins(
        "days.csv",
        "a,b,y\n".to_owned() + &rows.iter().map(line).collect::<String>(),
        &("a,b,y\n".to_owned()
            + &rows.iter().map(|(a, b)| format!("{},{},u\n", plain(a), plain(b))).collect::<String>()),
        &["column 'a': numbers in day"],
    );
}

#[test]
fn words_that_begin_with_a_number_are_words() {
    let text = "state,class,span,element,y\n1. Never Married,1st,2-year,Na,none\n2. Married,2nd,4-year,He,some\n\
                4. Divorced,3rd,2-year,Na,none\n2. Married,1st,4-year,Fe,some\n";
    let (table, decisions) = read("words.csv", text.as_bytes()).unwrap();
    assert!(table.columns().iter().all(|(_, column)| matches!(column, Column::Words(_))), "{table:?}");
    assert!(table.columns().iter().all(|(_, column)| (0..4).all(|row| !column.is_missing(row))), "{table:?}");
    assert_eq!(decisions, Vec::<String>::new());
}

#[test]
fn names_may_be_numbers() {
    let rows = "Aruba,ABW,4.82,4.65,4.47,yes\nAngola,AGO,7.3,7.35,,no\nAlbania,ALB,6.19,6.08,5.96,yes\n";
    twins(
        "bank.csv",
        format!("Country,Code,1960,1961,1962,z\n{rows}"),
        &format!("Country,Code,a,b,c,z\n{rows}").replace("a,b,c", "1960,1961,1962"),
        &["the first line holds the names, numbers among them: 1960, 1961, 1962"],
    );
    // A matrix as R writes it.
    let (table, _) = read(
        "matrix.csv",
        b"\"\",\"0\",\"1\",\"2\",\"3\"\n\"1\",27,29,10,8\n\"2\",59,53,14,12\n\"3\",4,5,6,1\n",
    )
    .unwrap();
    assert_eq!(table.names().collect::<Vec<_>>(), ["column 1", "0", "1", "2", "3"]);
    assert_eq!(table.len(), 3);
    // Names of houses' storeys, of which none is a number.
    let (table, decisions) =
        read("house.csv", b"Id,1stFlrSF,2ndFlrSF,3SsnPorch,y\n1,856,854,0,5\n2,1262,0,0,6\n3,920,866,1,7\n")
            .unwrap();
    assert_eq!((table.len(), decisions.len()), (3, 0), "{decisions:?}");
    // The counts that scikit-learn's files begin with; the words stand above numbers.
    let (table, _) = read(
        "iris.csv",
        b"150,4,setosa,versicolor,virginica\n5.1,3.5,1.4,0.2,0\n4.9,3.0,1.4,0.2,1\n4.7,3.2,1.3,0.2,2\n",
    )
    .unwrap();
    assert_eq!(table.len(), 3);
    // Rows of numbers without names stay rows, whatever they do.
    for rows in ["1,5,7,9,u\n2,3,1,4,v\n5,8,2,0,u\n", "3,1,2,3,4,5,6\n4,2,3,4,5,6,7\n", "1,2\n3,4\n"] {
        let (table, _) = read("bare.csv", rows.as_bytes()).unwrap();
        assert_eq!(table.len(), rows.lines().count(), "{rows}");
    }
}

#[test]
fn columns_lined_up_by_blanks() {
    twins(
        "divorce.dat",
        "   id        heduc   mixed     years   y\n    9   12-15 years     No    10.5  No\n   11    < 12 years     No    34.9  No\n   \
         13     16+ years    Yes     2.83  Yes\n",
        "id,heduc,mixed,years,y\n9,12-15 years,No,10.5,No\n11,< 12 years,No,34.9,No\n13,16+ years,Yes,2.83,Yes\n",
        &["fields are separated by two blanks or more"],
    );
    // Blanks between numbers, tabs before the name: Auto.data of a well-known book.
    twins(
        "auto.data",
        "mpg\tcylinders\tpower weight\ty\n18.0   8   130.0      3504.\t\"chevrolet malibu\"\n15.0   8   165.0      3693.\t\"buick\"\n\
         16.0   8   ?      3436.\t\"satellite\"\n",
        "mpg,cylinders,power,weight,y\n18,8,130,3504,chevrolet malibu\n15,8,165,3693,buick\n16,8,,3436,satellite\n",
        &["fields are separated by blanks"],
    );
}

#[test]
fn drawn_lines_are_no_rows() {
    twins(
        "psql.txt",
        " name | size | y \n------+------+---\n Ann  |  1.5 | u\n Bob  |    3 | v\n Cem  |    2 | u\n",
        "name,size,y\nAnn,1.5,u\nBob,3,v\nCem,2,u\n",
        &["fields are separated by '|'"],
    );
    twins(
        "report.txt",
        "Year   Jan   Feb   y\n--------------------\n1700   5.0   7.5   1\n1701   4.0   6.5   2\n1702   3.0   2.5   1\n",
        "Year,Jan,Feb,y\n1700,5,7.5,1\n1701,4,6.5,2\n1702,3,2.5,1\n",
        &[],
    );
}

#[test]
fn single_quotes_quote_where_all_have_them() {
    twins(
        "quoted.csv",
        "'name','size','y'\n'Smith, Ann',1.5,'u'\n'Brown, Bob',3,'v'\n'Cem',2,'u'\n",
        "name,size,y\n\"Smith, Ann\",1.5,u\n\"Brown, Bob\",3,v\nCem,2,u\n",
        &[],
    );
    twins(
        "votes.tsv",
        "'popul'\t'age'\t'y'\n0\t36\t1\n190\t20\t0\n31\t24\t0\n",
        "popul,age,y\n0,36,1\n190,20,0\n31,24,0\n",
        &[],
    );
    // An apostrophe is none.
    let (table, _) = read("towns.csv", b"town,y\n'S-Gravenhage,1\nO'Neill,2\n't Zandt',1\n").unwrap();
    assert_eq!(table.columns()[0].1.text(1), "O'Neill");
}

#[test]
fn what_orange_writes_below_the_names() {
    twins(
        "heart.tab",
        "age\tgender\trest ECG\ty\nc\td\tnormal left\\ vent ST-T\td\n\t\t\tclass\n63\tmale\tnormal\t0\n67\tfemale\tleft vent\t1\n41\tmale\tnormal\t0\n",
        "age,gender,rest ECG,y\n63,male,normal,0\n67,female,left vent,1\n41,male,normal,0\n",
        &["the types and roles below the names (as Orange writes them) are left out"],
    );
}

#[test]
fn ends_of_lines_and_of_files() {
    twins(
        "unemp.csv",
        "Series Id:           LNS14\n\nType of data:        Percent\n\nSeries id,Year,Value,\nL,1959,5.8\nL,1960,5.1\nM,1961,9.2\n",
        "Series id,Year,Value\nL,1959,5.8\nL,1960,5.1\nM,1961,9.2\n",
        &[],
    );
    twins("dos.csv", b"a,y\r\n1.5,u\r\n6.2,v\r\n\x1a", "a,y\n1.5,u\n6.2,v\n", &[]);
    twins("dos2.csv", b"a,y\r\n1.5,2\r\n6.2,3\x1a", "a,y\n1.5,2\n6.2,3\n", &[]);
}

#[test]
fn quarters_months_and_durations() {
    let day = |n: u32| format!("20{}-{:02}-01", 19 + n / 4, n % 4 * 3 + 1);
    let twin = |days: &[String]| {
        "t,y\n".to_owned() + &days.iter().map(|day| format!("{day},1.5\n")).collect::<String>()
    };
    let days: Vec<String> = (0..8).map(day).collect();
    for (name, form) in [("a", "%yQ%q"), ("b", "Q%q %y"), ("c", "%y-Q%q")] {
        let write =
            |n: u32| form.replace("%y", &format!("20{}", 19 + n / 4)).replace("%q", &(n % 4 + 1).to_string());
        let written: Vec<String> = (0..8).map(write).collect();
        twins(&format!("quarters-{name}.csv"), twin(&written), &twin(&days), &[]);
    }
    twins(
        "durations.csv",
        "t,u,y\n0 days 00:00:01,36:15:00,1\n0 days 01:00:00,12:00:00,2\n1 days 00:00:00.5,101:30:30,1\n,,2\n",
        "t,u,y\n1,130500,1\n3600,43200,2\n86400.5,365430,1\n,,2\n",
        &["column 't': durations (hours first), read as seconds"],
    );
    // A time to be predicted is measured; one of few times is a class.
    let times = |clock: bool| {
        let time = |i: u32| {
            if clock {
                format!("{}:{:02}:{:02}", 1 + i / 60, i % 60, i % 7)
            } else {
                (3600 + 60 * i + i % 7).to_string()
            }
        };
        "split,y\n".to_owned() + &(0..80).map(|i| format!("{}.5,{}\n", i * i, time(i))).collect::<String>()
    };
    let said = "column 'y': durations (hours first), read as seconds";
    twins("finish.csv", times(true), &times(false), &[said]);
    let shifts = |i: u32| format!("{i}.5,{}\n", ["6:00", "14:00", "22:00"][i as usize % 3]);
    let (_, decisions) =
        read("shifts.csv", ("x,y\n".to_owned() + &(0..30).map(shifts).collect::<String>()).as_bytes())
            .unwrap();
    assert!(!decisions.iter().any(|one| one == said), "{decisions:?}");
}

#[test]
fn months_as_offices_outside_of_english_write_them() {
    let german = [
        "Jan",
        "Feb",
        "M\u{e4}rz",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "Aug.",
        "September",
        "Okt.",
        "Nov.",
        "Dezember",
    ];
    let french = [
        "janv.",
        "f\u{e9}vr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "ao\u{fb}t",
        "sept.",
        "oct.",
        "nov.",
        "d\u{e9}c.",
    ];
    let rows = |write: &dyn Fn(usize) -> String| {
        "t,y\n".to_owned() + &(0..36).map(|i| format!("{},{}\n", write(i), i * i)).collect::<String>()
    };
    let meant = rows(&|i| format!("2020-{:02}-{:02}", i % 12 + 1, i % 28 + 1));
    twins("german.csv", rows(&|i| format!("{}. {} 2020", i % 28 + 1, german[i % 12])), &meant, &[]);
    twins("french.csv", rows(&|i| format!("{} {} 2020", i % 28 + 1, french[i % 12])), &meant, &[]);
}

#[test]
fn what_stands_beside_numbers() {
    let rows = |write: &dyn Fn(u32) -> [String; 3]| {
        "a,b,y\n".to_owned()
            + &(0..60)
                .map(|i| {
                    let [a, b, y] = write(i);
                    format!("{a},{b},{y}\n")
                })
                .collect::<String>()
    };
    let y = |i: u32| ["u", "v"][i as usize % 2].to_owned();
    // A laboratory's limits of detection, errors and footnotes.
    let written = rows(&|i| {
        let a = if i % 7 == 0 { format!("<0.{}", 1 + i / 7) } else { format!("{i}.5") };
        [a, format!("{}.25 \u{b1} 0.1", i), y(i)]
    });
    let meant = rows(&|i| {
        let a = if i % 7 == 0 { format!("0.{}", 1 + i / 7) } else { format!("{i}.5") };
        [a, format!("{i}.25"), y(i)]
    });
    let said = "bounds and notes beside numbers (<, >, ~, +, *) left out";
    twins("limits.csv", written, &meant, &[&format!("column 'a': {said}"), &format!("column 'b': {said}")]);
    // Prices and counts as pages show them.
    let written = rows(&|i| {
        let a =
            if i % 3 == 0 { format!("\u{20ac}{}K", 100 + i) } else { format!("\u{20ac}{}.{}M", i, i % 10) };
        [if i == 30 { "\u{20ac}0".to_owned() } else { a }, format!("\"{},000+\"", i + 1), y(i)]
    });
    let meant = rows(&|i| {
        let a = if i % 3 == 0 { 1000 * (100 + i) } else { 1_000_000 * i + 100_000 * (i % 10) };
        [if i == 30 { 0 } else { a }.to_string(), (1000 * (i + 1)).to_string(), y(i)]
    });
    let a = "column 'a': numbers in \u{20ac}; K, M and the like multiplied out";
    twins("prices.csv", written, &meant, &[a, &format!("column 'b': {said}")]);
    // Two classes are no bounds, metres are no millions.
    for (name, cells) in [("income.csv", ["<=50", ">50", ">50"]), ("metres.csv", ["5 m", "7", "6 m"])] {
        let text = rows(&|i| [cells[i as usize % 3].to_owned(), i.to_string(), y(i)]);
        let (table, decisions) = read(name, text.as_bytes()).unwrap();
        assert!(matches!(table.get("a"), Some(Column::Words(_))), "{name}: {decisions:?}");
    }
    // Grades and names that begin as months do.
    for (name, cell) in [("grades.csv", 0), ("races.csv", 1)] {
        let cells = |i: u32| match cell {
            0 => format!("{}{}", 1 + i % 6, ["+", "", "-"][(i / 6) as usize % 3]),
            _ => format!("Marathon {}", 1990 + i % 30),
        };
        let (table, decisions) = read(name, rows(&|i| [cells(i), i.to_string(), y(i)]).as_bytes()).unwrap();
        assert!(matches!(table.get("a"), Some(Column::Words(_))), "{name}: {decisions:?}");
    }
    let text = rows(&|i| [format!("{}{}", ["<", ">"][i as usize % 2], i), i.to_string(), y(i)]);
    let (table, decisions) = read("sides.csv", text.as_bytes()).unwrap();
    assert!(matches!(table.get("a"), Some(Column::Words(_))), "{decisions:?}");
}

#[test]
fn exponents_as_fortran_writes_them() {
    twins("fortran.txt", "a  y\n1.5D+02  u\n-2.5d-01  v\n3.0D+00  u\n", "a,y\n150,u\n-0.25,v\n3,u\n", &[]);
    // Rows of seats are none.
    twins("seats.csv", "a,y\n1D2,u\n3D4,v\n1D4,u\n", "a,y\n1D2,u\n3D4,v\n1D4,u\n", &[]);
}

#[test]
fn json_in_the_ways_in_which_it_holds_a_table() {
    let twin = "size,name,day,y\n1.5,Ann,2020-01-31,true\n,Bob,2020-02-01,false\n1e30,\"C, D\",2020-02-02,true\n-7,O,2020-02-03,false\n";
    let rows = [
        r#"{"size": 1.5, "name": "Ann", "day": "2020-01-31", "y": true}"#,
        r#"{"name": "Bob", "size": null, "day": "2020-02-01", "y": false}"#,
        r#"{"size": 1e30, "name": "C, D", "day": "2020-02-02", "y": true}"#,
        r#"{"size": -7, "y": false, "name": "O", "day": "2020-02-03"}"#,
    ];
    twins("t.jsonl", rows.join("\n"), twin, &["column 'day': read as dates: written as %Y-%m-%d"]);
    twins("t.json", format!("[\n {}\n]\n", rows.join(",\n ")), twin, &[]);
    twins(
        "columns.json",
        r#"{"size": [1.5, null, 1e30, -7], "name": ["Ann", "Bob", "C, D", "O"],
            "day": ["2020-01-31", "2020-02-01", "2020-02-02", "2020-02-03"], "y": [true, false, true, false]}"#,
        twin,
        &[],
    );
    twins(
        "pandas.json",
        r#"{"size":{"0":1.5,"1":null,"2":1e30,"3":-7},"name":{"0":"Ann","1":"Bob","2":"C, D","3":"O"},
           "day":{"0":"2020-01-31","1":"2020-02-01","2":"2020-02-02","3":"2020-02-03"},"y":{"0":true,"1":false,"2":true,"3":false}}"#,
        twin,
        &[],
    );
    twins(
        "split.json",
        r#"{"columns":["size","name","day","y"],"index":[0,1,2,3],"data":[[1.5,"Ann","2020-01-31",true],
           [null,"Bob","2020-02-01",false],[1e30,"C, D","2020-02-02",true],[-7,"O","2020-02-03",false]]}"#,
        twin,
        &[],
    );
    // What is inside a row is left out, and said.
    let nested = rows.map(|row| row.replacen('{', r#"{"tags": ["a"], "#, 1));
    twins(
        "nested.jsonl",
        nested.join("\n"),
        twin,
        &["column 'tags': left out, it holds objects or arrays; only numbers, words and dates are read"],
    );
    for (name, text, message) in [
        (
            "map.json",
            r#"{"type": "FeatureCollection", "features": [1]}"#,
            ": this is JSON, and not a table; a table is an object a line, an array of objects, or an object of columns of one length",
        ),
        (
            "uneven.json",
            r#"{"a": [1, 2], "b": [1]}"#,
            ": this is JSON, and not a table; a table is an object a line, an array of objects, or an object of columns of one length",
        ),
        (
            "nan.json",
            r#"[{"a": NaN}]"#,
            ": this is no sound JSON: expected value at line 1 column 8; NaN is written null; is the file whole?",
        ),
        (
            "cut.jsonl",
            "{\"a\": 1, \"y\": 2}\n{\"a\": 1, \"y",
            ", row 2: this is no sound JSON: EOF while parsing a string at line 1 column 11; NaN is written null; is the file whole?",
        ),
        (
            "mixed.json",
            r#"[{"a": 1}, 2]"#,
            ", row 2: this is no object; a table needs an object with the columns' names in each row",
        ),
        (
            "short.json",
            r#"{"columns": ["a", "b"], "data": [[1, 2], [3]]}"#,
            ", row 2: found 1 value, there are 2 columns",
        ),
    ] {
        let error = read(name, text.as_bytes()).unwrap_err();
        assert_eq!(error, format!("{}{message}", place(name).display()));
    }
}

#[test]
fn a_line_of_names_may_be_longer_than_what_is_looked_at_first() {
    let names: Vec<String> = (0..9000).map(|j| format!("measured{j}")).collect();
    let mut text = names.join(";") + ";y\n";
    assert!(text.len() > 100_000);
    for i in 0..12 {
        let cells: Vec<String> = (0..9000).map(|j| format!("{},5", (i * 7 + j) % 13)).collect();
        text += &(cells.join(";") + ";u\n");
    }
    let (table, _) = read("wide.csv", text.as_bytes()).unwrap();
    assert_eq!((table.len(), table.columns().len()), (12, 9001));
    let Column::Numbers(numbers) = table.column("measured8999").unwrap() else { panic!("numbers") };
    assert_eq!(numbers.get(2), f64::from((14 + 8999) % 13) + 0.5);
}

#[test]
fn other_programs_files_are_told() {
    let error = read("old.dta", b"r\x02\x01\x00\x0e\x00\xcb\x00\x00\x00").unwrap_err();
    assert!(error.contains("this is a Stata file; convert it: "), "{error}");
}
