"""A server on this machine that publishes small data sets in the real layouts, and misbehaves when asked to."""

import gzip
import io
import socket
import struct
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


def idx_file(array):
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes())


def tar_file(members):
    """Return a tar.gz of {name: bytes, or a ready TarInfo}."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def cifar_records(pictures, *labels):
    planes = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
    return np.concatenate([*(np.asarray(column, np.uint8)[:, None] for column in labels), planes], axis=1).tobytes()


def pictures(n, *shape):
    return np.random.default_rng(n).integers(0, 256, (n, *shape), dtype=np.uint8)


def mnist_files():
    files = {}
    for prefix, n in (("train", 12), ("t10k", 5)):
        files[f"{prefix}-images-idx3-ubyte.gz"] = idx_file(pictures(n, 28, 28))
        files[f"{prefix}-labels-idx1-ubyte.gz"] = idx_file(np.arange(n, dtype=np.uint8) % 10)
    return files


CIFAR10_NAMES = [f"thing{k}" for k in range(10)]


def cifar10_members():
    folder = "cifar-10-batches-bin"
    members = {
        f"{folder}/data_batch_{k}.bin": cifar_records(pictures(2 + k, 32, 32, 3), [k] * (2 + k)) for k in range(1, 6)
    }
    members[f"{folder}/test_batch.bin"] = cifar_records(pictures(2, 32, 32, 3), [9, 0])
    members[f"{folder}/batches.meta.txt"] = ("\n".join(CIFAR10_NAMES) + "\n\n").encode()
    return members


def cifar100_members():
    folder = "cifar-100-binary"
    return {
        f"{folder}/train.bin": cifar_records(pictures(4, 32, 32, 3), [0, 1, 0, 1], [7, 99, 8, 50]),
        f"{folder}/test.bin": cifar_records(pictures(3, 32, 32, 3), [1, 1, 0], [60, 61, 2]),
        f"{folder}/fine_label_names.txt": "\n".join(f"fine{k}" for k in range(100)).encode(),
        f"{folder}/coarse_label_names.txt": b"coarse0\ncoarse1\n",
    }


def published():
    """Return {data set: {file name: bytes}}."""
    return {
        "mnist": mnist_files(),
        "fashion_mnist": mnist_files(),
        "cifar10": {"cifar-10-binary.tar.gz": tar_file(cifar10_members())},
        "cifar100": {"cifar-100-binary.tar.gz": tar_file(cifar100_members())},
    }


class Server:
    """Serves `files`; `faults` is what to do instead, one fault for each request, and after them the last for ever."""

    def __init__(self):
        self.files, self.faults, self.requests, self.released = {}, [], [], threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *args):
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/"
        self.thread = threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def close(self):
        self.released.set()
        self.httpd.shutdown()
        self.httpd.server_close()
        self.thread.join()

    def answer(self, handler):
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.requests.append((handler.path.lstrip("/"), start))
        fault = self.faults.pop(0) if len(self.faults) > 1 else (self.faults or [None])[0]
        content = self.files[handler.path.lstrip("/")]
        if isinstance(fault, int):
            handler.send_error(fault)
            return
        if fault == "no ranges":
            start = 0
        if fault == "corrupt":
            content = content[:50] + bytes([content[50] ^ 1]) + content[51:]
        if fault == "another page":
            content = b"<html>please log in</html>"
        whole = content[start:]
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        half = len(whole) // 2
        if fault in ("drop", "drop, no ranges"):
            handler.wfile.write(whole[:half])
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "stall":
            handler.wfile.write(whole[:half])
            handler.wfile.flush()
            self.released.wait(20)
        elif fault == "truncate":
            handler.wfile.write(content[start : len(content) // 2])
        else:
            handler.wfile.write(whole)
        handler.close_connection = True
