"""Who has which id and file name, in memory."""


class Claims:
    def __init__(self):
        self.files, self.ids = {}, {}

    def claim_file(self, stem, line):
        if stem in self.files:
            return False
        self.files[stem] = line
        return True

    def claim_id(self, id, line):
        if id in self.ids:
            return self.ids[id]
        self.ids[id] = line
        return None
