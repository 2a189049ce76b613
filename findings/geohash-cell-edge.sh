#!/usr/bin/env bash
# Expected: one point and one length have one geohash, so that a position's hash is a key that services in several languages share.
# Seen: ngeohash (npm) puts a point that lies exactly on a cell's edge into the southern or western cell, Java's and Python's libraries
#   into the northern or eastern one, as the original service does. It is not a neighbour's last letter: at latitude or longitude 0, and at
#   +-45, +-90 degrees, the hashes differ from the first letter on. The corner 90, 180 has a third answer in python-geohash.
# With: ngeohash 0.6.4; ch.hsr:geohash 1.4.0; pygeohash 3.5.1 and python-geohash 0.9.2. Run on 2026-11-28.
# Hurts: joins and partitions by geohash of rounded positions: grid cells of weather models, "null island" 0, 0 of devices without a fix,
#   stations on the prime meridian. The look-up misses, or the record is on another partition. Do: hash in one place and send the
#   hash along.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>ch.hsr</groupId><artifactId>geohash</artifactId><version>1.4.0</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ngeohash@0.6.4
python3 -m venv py
py/bin/pip install -q pygeohash==3.5.1 python-geohash==0.9.2

cat > Probe.java <<'JAVA'
import ch.hsr.geohash.GeoHash;
public class Probe {
  public static void main(String[] points) {
    var line = new StringBuilder("Java          ");
    for (String point : points) {
      String[] at = point.split(",");
      line.append(" ").append(GeoHash.geoHashStringWithCharacterPrecision(Double.parseDouble(at[0]), Double.parseDouble(at[1]), 7));
    }
    System.out.println(line);
  }
}
JAVA
cat > probe.cjs <<'JS'
const hashes = process.argv.slice(2).map((point) => require('ngeohash').encode(...point.split(',').map(Number), 7))
console.log(`ngeohash       ${hashes.join(' ')}`)
JS
cat > probe.py <<'PY'
import sys, warnings
import geohash, pygeohash
warnings.simplefilter("ignore")
points = [tuple(map(float, point.split(","))) for point in sys.argv[1:]]
print("pygeohash     ", *(pygeohash.encode(*at, 7) for at in points))
print("python-geohash", *(geohash.encode(*at, 7) for at in points))
PY
read -ra points <<< "48.137154,11.576124 51.4779,0 0,-78.45 22.5,11.25 0,0 90,180"
{
  echo "point          ${points[*]}"
  java -cp 'libs/*' Probe.java "${points[@]}"
  py/bin/python probe.py "${points[@]}"
  node probe.cjs "${points[@]}"
} | tee seen
diff seen - <<'SEEN'
point          48.137154,11.576124 51.4779,0 0,-78.45 22.5,11.25 0,0 90,180
Java           u281z7j u10hb52 d200nb4 sk00000 s000000 zzzzzzz
pygeohash      u281z7j u10hb52 d200nb4 sk00000 s000000 zzzzzzz
python-geohash u281z7j u10hb52 d200nb4 sk00000 s000000 bpbpbpb
ngeohash       u281z7j gcpuzgr 6rbpyzf s5zzzzz 7zzzzzz zzzzzzz
SEEN
