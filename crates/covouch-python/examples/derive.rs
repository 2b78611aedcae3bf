//! Says whether a wheel follows from its sdist: `derive SDIST WHEEL`.

use std::{env, error::Error, fs::File, path::Path, process::ExitCode};

use covouch_core::subject::FileName;
use covouch_python::{
    derive::{Names, Outcome, derive},
    filename::DistFilename,
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(sdist), Some(wheel)) = (arguments.next(), arguments.next()) else {
        eprintln!("derive SDIST WHEEL");
        return Ok(ExitCode::from(2));
    };
    let name = |path: &Path| -> Result<DistFilename, Box<dyn Error>> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a path has no file name")?;
        Ok(DistFilename::parse(&FileName::parse(name)?, None)?)
    };
    let (DistFilename::Sdist(sdist_name), DistFilename::Wheel(wheel_name)) =
        (name(sdist.as_ref())?, name(wheel.as_ref())?)
    else {
        return Err("the first file is an sdist, the second a wheel".into());
    };
    let names = Names { sdist: &sdist_name, wheel: &wheel_name };
    match derive(File::open(&sdist)?, File::open(&wheel)?, names)? {
        Outcome::Derived(derived) => {
            println!("derived from `{}`, {} rendered again", derived.folder(), derived.generated().len());
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Differs(differences) => {
            for difference in differences.iter() {
                println!("{}: {difference}", difference.code());
            }
            println!("{} more", differences.unlisted());
            Ok(ExitCode::FAILURE)
        }
    }
}
