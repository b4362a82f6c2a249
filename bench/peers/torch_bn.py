# SPDX-License-Identifier: BSD-3-Clause
# PyTorch's BatchNorm1d for `bnorm-bench compare --peer torch`, which runs this program
# and gives it orders on stdin, a line each; every order is answered with a line:
#
#   open OPERATION DTYPE ROWS COLS EPS THREADS PATH     "ok"
#   run COUNT     run the operation as often: the seconds that took
#   fetch         put what the last run found into the file: "ok"
#   close         forget the problem: "ok"
#
# PATH is memory that both see: matrices x, y, dy, dx (rows x cols), then vectors gamma,
# beta, mean, var, dgamma, dbeta (cols), dense.  Anything that goes wrong is answered with
# "error" and why.  The first line, unasked: "torch VERSION", or "error".
import mmap
import sys
import time


class Problem:
    def __init__(self, torch, operation, dtype, rows, cols, eps, threads, path):
        torch.set_num_threads(int(threads))
        rows, cols = int(rows), int(cols)
        kind = {"f32": torch.float32, "f64": torch.float64}[dtype]
        size = {"f32": 4, "f64": 8}[dtype]
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        counts = 4 * [rows * cols] + 6 * [cols]
        parts, offset = [], 0
        for count in counts:
            parts.append(torch.frombuffer(self.memory, dtype=kind, count=count, offset=offset))
            offset += count * size
        x, self.y, dy, self.dx, gamma, beta, mean, var, self.dgamma, self.dbeta = parts
        self.torch, self.operation = torch, operation
        # Tensors as its users have them: in memory of its own.
        self.x = x.reshape(rows, cols).clone().requires_grad_(operation != "infer")
        self.dy = dy.reshape(rows, cols).clone()
        self.module = torch.nn.BatchNorm1d(cols, eps=float(eps), dtype=kind)
        with torch.no_grad():
            self.module.weight.copy_(gamma)
            self.module.bias.copy_(beta)
            self.module.running_mean.copy_(mean)
            self.module.running_var.copy_(var)
        self.module.train(operation != "infer")
        self.wanted = [self.x, self.module.weight, self.module.bias]
        self.graph = self.module(self.x) if operation == "backward" else None
        self.found = self.gradients = None

    def once(self):
        if self.operation == "infer":
            with self.torch.no_grad():
                self.found = self.module(self.x)
            return
        y = self.graph
        if self.operation != "backward":
            y = self.found = self.module(self.x)
        if self.operation != "forward":
            self.gradients = self.torch.autograd.grad(
                y, self.wanted, self.dy, retain_graph=self.operation == "backward")

    def run(self, count):
        seconds = 0
        for _ in range(count):
            self.found = self.gradients = None  # freed on nobody's time
            begin = time.perf_counter()
            self.once()
            seconds += time.perf_counter() - begin
        return seconds

    def fetch(self):
        if self.found is not None:
            self.y.copy_(self.found.detach().reshape(-1))
        if self.gradients is not None:
            for here, found in zip((self.dx, self.dgamma, self.dbeta), self.gradients):
                here.copy_(found.reshape(-1))


def answer(text):
    print(" ".join(text.split()), flush=True)


def main():
    try:
        import torch
    except Exception as why:
        return answer(f"error {why}")
    answer(f"torch {torch.__version__}")
    problem = None
    for line in sys.stdin:
        order, *words = line.split(" ", 7) if line.startswith("open ") else line.split()
        words = [word.rstrip("\n") for word in words]
        try:
            if order == "open":
                problem = Problem(torch, *words)
            elif order == "fetch":
                problem.fetch()
            elif order == "close":
                problem = None
            answer(str(problem.run(int(words[0]))) if order == "run" else "ok")
        except Exception as why:
            answer(f"error {why}")


if __name__ == "__main__":
    main()
