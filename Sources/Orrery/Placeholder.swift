internal import OrreryBase
