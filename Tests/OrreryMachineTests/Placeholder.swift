import OrreryBase
