//! `clearprop trace`: one forward and backward pass, everything in it named.

pub(crate) mod chain;
pub(crate) mod report;
pub(crate) mod worked;

#[cfg(test)]
pub(crate) mod tests {
    use clearprop::activation::Activation;
    use clearprop::data::Data;
    use clearprop::init::Init;
    use clearprop::loss::Loss;
    use clearprop::network::{Network, Penalized, Penalty};
    use clearprop::target::Target;
    use clearprop::trace::Trace;
    use ndarray::Array2;

    /// A small network with numbers of no particular shape; `case` chooses everything about it.
    pub(crate) fn some_trace(case: usize) -> Trace {
        let sizes: &[usize] = [&[3, 2][..], &[2, 4, 3], &[4, 3, 5, 2]][case % 3];
        let loss = Loss::ALL[case / 12 % 3];
        let penalty = Penalty { reg: 0.1, over: Penalized::ALL[case % 2] };
        let network = Network::new(sizes, Activation::ALL[case / 3 % 4], loss, penalty).unwrap();
        let params = Init::AsWritten.draw::<f64>(&network, case as u64);
        let (n, d, k) = (7 + case % 3, sizes[0], sizes[sizes.len() - 1]);
        let wave = |i: usize, j: usize| ((1 + i * 7 + j * 3 + case) as f64).sin();
        let x = Array2::from_shape_fn((n, d), |(i, j)| 2.0 * wave(i, j));
        let y = match loss {
            Loss::Softmax => Target::Classes((0..n).map(|i| u32::try_from(i * i % k).unwrap()).collect()),
            Loss::Logistic => {
                Target::Values(Array2::from_shape_fn((n, k), |(i, j)| f64::from(u8::from(wave(j, i) > 0.0))))
            }
            Loss::Squared => Target::Values(Array2::from_shape_fn((n, k), |(i, j)| wave(j, i))),
        };
        Trace::new(network, params, Data::new(x, y).unwrap()).unwrap()
    }
}
