/*
 * GCJ-02, the shifted coordinates of map services in mainland China, to WGS-84 and CGCS2000. The shift is the
 * published approximation on the Krasovsky ellipsoid; the way back is found by iteration.
 */
#include "base/geo.h"

#include <math.h>

static const double PI_ = 3.14159265358979323846;
static const double AXIS = 6378245.0;		  /* metres */
static const double ECCENTRIC2 = 0.00669342162296594323;
enum { TURNS = 12 };

/* Outside this box services do not shift. */
static bool is_shifted(double lon, double lat)
{
	return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

/* Waves of three lengths along one axis, in metres. */
static double waves(double v, double a, double b, double c, double half)
{
	return (a * sin(v * PI_) + b * sin(v / 3 * PI_) + c * sin(v / half * PI_)) * 2 / 3;
}

static void shift(double lon, double lat, double *ret_dlon, double *ret_dlat)
{
	double x = lon - 105, y = lat - 35, rad = lat / 180 * PI_, s = sin(rad), m = 1 - ECCENTRIC2 * s * s;
	double fast = (20 * sin(6 * x * PI_) + 20 * sin(2 * x * PI_)) * 2 / 3;
	double north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x)) + fast +
		       waves(y, 20, 40, 160, 12) + 320 * sin(y * PI_ / 30) * 2 / 3;
	double east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x)) + fast + waves(x, 20, 40, 150, 12) +
		      300 * sin(x / 30 * PI_) * 2 / 3;

	*ret_dlat = north * 180 / (AXIS * (1 - ECCENTRIC2) / (m * sqrt(m)) * PI_);
	*ret_dlon = east * 180 / (AXIS / sqrt(m) * cos(rad) * PI_);
}

void geo_to_gcj02(double *lon, double *lat)
{
	double dx, dy;

	if (!is_shifted(*lon, *lat))
		return;
	shift(*lon, *lat, &dx, &dy);
	*lon += dx;
	*lat += dy;
}

void geo_from_gcj02(double *lon, double *lat)
{
	double x = *lon, y = *lat, dx, dy;

	if (!is_shifted(x, y))
		return;
	for (int i = 0; i < TURNS; i++) {
		shift(x, y, &dx, &dy);
		x = *lon - dx;
		y = *lat - dy;
	}
	*lon = x;
	*lat = y;
}
