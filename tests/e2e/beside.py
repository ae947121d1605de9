# Threads that do something beside a test until it leaves their block.
import threading


class Beside:
    """`with` an object of a class like this; its threads go on until `stop` is set."""

    def __init__(self, threads):
        self.stop = threading.Event()
        self.threads = threads

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()
