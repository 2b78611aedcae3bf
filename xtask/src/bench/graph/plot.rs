//! A plot of growth on two logarithmic axes, as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 270.0;
const RIGHT: f64 = 530.0;
const TOP: f64 = 30.0;

/// Draws keys against milliseconds, each point with what it is, and a line of proportional growth through the first.
pub(super) fn render(points: &[(f64, f64)]) -> String {
    let least = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let axes = Axes { from: (4.0, least.log10().floor()), to: (6.0, most.log10().ceil()) };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>Processor time of one root to all keys, by keys</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    axes.draw(&mut text);
    if let Some((keys, time)) = points.first() {
        let (from, to) = (axes.place((*keys, *time)), axes.place((1e6, time * 1e6 / keys)));
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "<path d=\"M{:.0} {:.0} L{:.0} {:.0}\" stroke=\"#8c959f\" stroke-dasharray=\"5 4\"/>",
            from.0, from.1, to.0, to.1
        );
    }
    let way: Vec<String> =
        points.iter().map(|point| axes.place(*point)).map(|(x, y)| format!("{x:.0} {y:.0}")).collect();
    let _ = writeln!(
        text,
        "<path d=\"M{}\" fill=\"none\" stroke=\"#1a7f37\" stroke-width=\"3\"/>",
        way.join(" L")
    );
    for (number, point) in points.iter().enumerate() {
        let (x, y) = axes.place(*point);
        // The first stands on the axis: its label goes to the other side.
        let (left, down, anchor) = if number == 0 { (8.0, 16.0, "start") } else { (-8.0, -6.0, "end") };
        let _ = writeln!(
            text,
            "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"4\" fill=\"#1a7f37\"/>\n\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\" font-weight=\"bold\">{:.2} ms</text>",
            x + left,
            y + down,
            point.1
        );
    }
    text + "</svg>\n"
}

/// Powers of ten at both ends of both axes.
struct Axes {
    from: (f64, f64),
    to: (f64, f64),
}

impl Axes {
    fn place(&self, (keys, time): (f64, f64)) -> (f64, f64) {
        let part = |value: f64, from: f64, to: f64| (value.log10() - from) / (to - from).max(1.0);
        (
            LEFT + part(keys, self.from.0, self.to.0) * (RIGHT - LEFT),
            BOTTOM - part(time, self.from.1, self.to.1) * (BOTTOM - TOP),
        )
    }

    fn draw(&self, text: &mut String) {
        for (power, name) in [(4, "10,000 keys"), (5, "100,000"), (6, "1,000,000")] {
            let (x, _) = self.place((10_f64.powi(power), 1.0));
            let _ = writeln!(
                text,
                "<path d=\"M{x:.0} {TOP} V{BOTTOM}\" stroke=\"#d1d9e0\"/>\n\
                 <text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{name}</text>",
                BOTTOM + 18.0
            );
        }
        let mut power = self.from.1;
        while power <= self.to.1 {
            let time = 10_f64.powf(power);
            let (_, y) = self.place((1e4, time));
            let _ = writeln!(
                text,
                "<path d=\"M{LEFT} {y:.0} H{RIGHT}\" stroke=\"#d1d9e0\"/>\n\
                 <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{time} ms</text>",
                LEFT - 8.0,
                y + 4.0
            );
            power += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_the_keys_in_ten_times_the_time_is_the_diagonal() {
        let axes = Axes { from: (4.0, 0.0), to: (6.0, 2.0) };
        assert_eq!(axes.place((1e4, 1.0)), (LEFT, BOTTOM));
        assert_eq!(axes.place((1e6, 100.0)), (RIGHT, TOP));
        let plot = render(&[(1e4, 1.0), (1e5, 12.0), (1e6, 99.0)]);
        assert_eq!(plot.matches("<circle").count(), 3);
        assert!(plot.contains("12.00 ms") && plot.contains(">100 ms<"), "{plot}");
    }
}
