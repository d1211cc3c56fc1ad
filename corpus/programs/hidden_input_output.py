"""Words in place of numbers: hidden_input, hidden_output, final_output; one sample a run, squared error."""
import numpy as np
# data
rng = np.random.default_rng(19)
inputs = rng.normal(size=(3, 1))
targets = rng.uniform(size=(2, 1))
w_input_hidden = rng.normal(size=(4, 3))
w_hidden_output = rng.normal(size=(2, 4))
# forward
hidden_input = np.dot(w_input_hidden, inputs)
hidden_output = 1 / (1 + np.exp(-hidden_input))
final_input = np.dot(w_hidden_output, hidden_output)
final_output = 1 / (1 + np.exp(-final_input))
error = np.sum((final_output - targets) ** 2) / 2
# backward
d_final_input = (final_output - targets) * final_output * (1.0 - final_output)
d_w_hidden_output = np.dot(d_final_input, hidden_output.T)
d_hidden_output = np.dot(w_hidden_output.T, d_final_input)
d_hidden_input = d_hidden_output * hidden_output * (1.0 - hidden_output)
d_w_input_hidden = np.dot(d_hidden_input, inputs.T)
# saved
saved = dict(inputs=inputs, targets=targets, w_input_hidden=w_input_hidden, w_hidden_output=w_hidden_output,
             hidden_input=hidden_input, hidden_output=hidden_output, final_input=final_input, final_output=final_output,
             error=error, d_final_input=d_final_input, d_w_hidden_output=d_w_hidden_output,
             d_hidden_output=d_hidden_output, d_hidden_input=d_hidden_input, d_w_input_hidden=d_w_input_hidden)
of, by = error, {}
