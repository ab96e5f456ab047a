typedef union {
    double value;
    uint64_t bits;
} ffnn_word;
static uint64_t ffnn_bits(double value)
{
    ffnn_word word;
    word.value = value;
    return word.bits;
}
static double ffnn_from(uint64_t bits)
{
    ffnn_word word;
    word.bits = bits;
    return word.value;
}
static double ffnn_min(double a, double b)
{
    return a < b ? a : b;
}
static double ffnn_max(double a, double b)
{
    return b < a ? a : b;
}
static double ffnn_load_columns(const double *row, ptrdiff_t n)
{
    (void)n;
    return *row;
}
static void ffnn_store_columns(double *row, ptrdiff_t n, double value)
{
    (void)n;
    *row = value;
}
static const double ffnn_exp_p[] = {
    0x1.000000000000ap-1, 0x1.5555555555503p-3, 0x1.5555555550609p-5, 0x1.1111111124cd2p-7,
    0x1.6c16c184b3baap-10, 0x1.a01a013d7a2d5p-13, 0x1.a01998959ec3fp-16, 0x1.71def3ef2e764p-19,
    0x1.28aecd1e560a4p-22, 0x1.add73e583afc1p-26};
static const double ffnn_log_q[] = {0x1.5555555555592p-1, 0x1.999999997ff3ap-2, 0x1.24924941defd9p-2,
                                   0x1.c71c521636eb6p-3, 0x1.74663c94b7999p-3, 0x1.39a1f013e0c17p-3,
                                   0x1.2f038421ec52cp-3};
static double ffnn_polynomial(const double *c, int count, double x, double x_squared)
{
    int top = count - 1;
    double last = (double)(c[top]), before = (double)(c[top - 1]);
   
    for (int i = top - 2; i > 0; i -= 2) {
        last = ((last) * (x_squared) + ((double)(c[i])));
        before = ((before) * (x_squared) + ((double)(c[i - 1])));
    }
    if (top % 2) return ((last) * (x) + (before));
    return ((before) * (x) + (((last) * (x_squared) + ((double)(c[0])))));
}
static double ffnn_power_of_2(double n)
{
    return ffnn_from(ffnn_bits(n + (double)((0x1p52 + 0x1p52 / 2) + 1023)) << 52);
}
static double ffnn_scale(double x, double n)
{
    double half = ((n) * ((double)(0.5)) + ((double)((0x1p52 + 0x1p52 / 2)))) - (double)((0x1p52 + 0x1p52 / 2));
    return x * ffnn_power_of_2(half) * ffnn_power_of_2(n - half);
}
static double ffnn_exp_of_rest(double head, double tail, double *low)
{
    double r = head + tail, r_squared = r * r;
    double p = ffnn_polynomial(ffnn_exp_p, ((int)(sizeof(ffnn_exp_p) / sizeof *(ffnn_exp_p))), r, r_squared);
    tail = ((r_squared) * (p) + (tail));
    double high = (double)(1) + (head + tail);
    *low = tail + (head - (high - (double)(1)));
    return high;
}
static double ffnn_exp_parts(double x, double *low, double *n)
{
    *n = ((x) * ((double)(0x1.71547652b82fep0)) + ((double)((0x1p52 + 0x1p52 / 2)))) - (double)((0x1p52 + 0x1p52 / 2));
    return ffnn_exp_of_rest(((*n) * ((double)(-0x1.62e42fefa4p-1)) + (x)), *n * (double)(- -0x1.8432a1b0e2634p-43), low);
}
static double ffnn_exp_parts_of_sum(double x, double x_low, double *low, double *n)
{
    *n = ((x) * ((double)(0x1.71547652b82fep0)) + ((double)((0x1p52 + 0x1p52 / 2)))) - (double)((0x1p52 + 0x1p52 / 2));
    return ffnn_exp_of_rest(((*n) * ((double)(-0x1.62e42fefa4p-1)) + (x)), ((*n) * ((double)(- -0x1.8432a1b0e2634p-43)) + (x_low)),
                           low);
}
static double ffnn_exp(double x)
{
    double low, n;
    x = ffnn_min((double)(710.0), ffnn_max((double)(-746.0), x));
    double high = ffnn_exp_parts(x, &low, &n);
    return ffnn_scale(high, n);
}
static double ffnn_rough_inverse(double d)
{
    double inverse = ((d) * ((double)((double)32 / 99)) + ((double)((double)-144 / 99)));
    return ((d) * (inverse) + ((double)((double)210 / 99)));
}
static double ffnn_sigmoid_parts(double z, double *s_rest, double *d, double *n)
{
    const double one = (double)(1);
    double low;
    double high = ffnn_exp_parts(-ffnn_min((double)(760.0), ffnn_from(ffnn_bits(z) & ~ffnn_bits((double)(-0.0)))), &low, n);
    double power = ffnn_power_of_2(ffnn_max((double)(-100), *n));
    *d = ((high) * (power) + (one));
    double d_low = ((low) * (power) + (((high) * (power) + (one - *d))));
    int negative = ((z) < ((double)(0)));
    double numerator = ((negative) ? (high) : (one));
    double numerator_low = ((negative) ? (low) : ((double)(0)));
    double s = numerator / *d;
    *n = ((negative) ? (*n) : ((double)(0)));
    *s_rest = ((-s) * (d_low) + (numerator_low));
    return s;
}
static double ffnn_sigmoid(double z)
{
    double rest, d, n, s = ffnn_sigmoid_parts(z, &rest, &d, &n);
    return ffnn_scale(((rest) * (ffnn_rough_inverse(d)) + (s)), n);
}
static double ffnn_log_parts(double f, double k)
{
    double s = f / ((double)(2) + f), w = s * s;
    double q = w * ffnn_polynomial(ffnn_log_q, ((int)(sizeof(ffnn_log_q) / sizeof *(ffnn_log_q))), w, w * w);
    double half_square = (double)(0.5) * f * f;
    double small = ((s) * (half_square + q) + (k * (double)(-0x1.8432a1b0e2634p-43)));
    return ((k) * ((double)(0x1.62e42fefa4p-1)) + (f - (half_square - small)));
}
static double ffnn_log(double x)
{
    const double zero = (double)(0), integers = (double)(0x1p52);
    int subnormal = ((x) < ((double)(0x1p-1022)));
    uint64_t y = ffnn_bits(((subnormal) ? (x * (double)(2 * 0x1p52)) : (x)));
    double bias = ((subnormal) ? ((double)(0x1p52 + 1023 + 52 + 1)) : ((double)(0x1p52 + 1023)));
    const uint64_t sqrt_half = ffnn_bits((double)(0x1.6a09e667f3bcdp-1)), one = ffnn_bits((double)(1));
    uint64_t shifted = y + (one - sqrt_half);
    double k = ffnn_from(shifted >> 52 | ffnn_bits(integers)) - bias;
    double m = ffnn_from((shifted & ~ffnn_bits((double)(-INFINITY))) + sqrt_half);
    double result = ffnn_log_parts(m - (double)(1), k);
    result = ((((x) < ((double)(INFINITY)))) ? (result) : (x));
    result = ((((x) < (zero))) ? ((double)(NAN)) : (result));
    return ((((x) == (zero))) ? ((double)(-INFINITY)) : (result));
}
static double ffnn_log1p(double e)
{
    int great = (((double)(2 * 0x1.6a09e667f3bcdp-1 - 1)) < (e));
    double half = (double)(0.5) * (e - (double)(1));
    return ffnn_log_parts(((great) ? (half) : (e)), ((great) ? ((double)(1)) : ((double)(0))));
}
static void ffnn_map(ptrdiff_t n, const double *x, double *y, double (*f)(double))
{
    ptrdiff_t j = 0;
    for (; j + 1 <= n; j += 1) (*(y + j) = (f((*(x + j)))));
    if (j < n) (*(y + j) = (f((*(x + j)))));
}
static void ffnn_exp_loop(ptrdiff_t n, const void *x, void *y)
{
    ffnn_map(n, x, y, ffnn_exp);
}
static void ffnn_log_loop(ptrdiff_t n, const void *x, void *y)
{
    ffnn_map(n, x, y, ffnn_log);
}
static const double ffnn_normal_r[] = {
    0x1.e361ea6fba141p-2, -0x1.8c18f2086e34ep-4, 0x1.cabd72a60fa9cp-7, 0x1.d4969f10e06bfp-6,
    -0x1.07c3c2582d6efp-5, 0x1.25dd7205f363dp-6, -0x1.47d5fc736f73bp-8, -0x1.2b7f5dd12d8bap-12,
    0x1.6c5382b90340ap-11, -0x1.8c11b7270b0cp-14, -0x1.707ba43fbd1adp-14, 0x1.64844fea4ed9p-16,
    0x1.c93e10eda1e4ap-17, -0x1.ccaa7fe696948p-19, -0x1.5eb4bbc94b62cp-19, 0x1.b25db929cb978p-22,
    0x1.286abb182f7f7p-21, 0x1.87a8e823403e6p-30, -0x1.dd6dbf3d7cec6p-24, -0x1.56036bcfccdc1p-26,
    0x1.31255cdd06919p-26, 0x1.aebe35b78fb75p-28, -0x1.b14514241344fp-30, -0x1.b8fb1261c21ebp-31};
static double ffnn_product_low(double a, double b, double p)
{
    double a_high = ffnn_from(ffnn_bits(a) >> 27 << 27), a_low = a - a_high;
    double b_high = ffnn_from(ffnn_bits(b) >> 27 << 27), b_low = b - b_high;
    return ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low;
}
static double ffnn_expm1_parts(double x, double *low)
{
    double e_low, n;
    double e = ffnn_exp_parts(ffnn_max((double)(-746.0), x), &e_low, &n);
    double power = ffnn_power_of_2(ffnn_max((double)(-100), n));
    double scaled = e * power, high = scaled - (double)(1);
    double rest = ((e_low) * (power) + (scaled - (high + (double)(1))));
    double sum = high + rest;
    *low = rest - (sum - high);
    return sum;
}
static double ffnn_tanh(double z)
{
    double low, m = ffnn_expm1_parts((double)(-2) * ffnn_from(ffnn_bits(z) & ~ffnn_bits((double)(-0.0))), &low);
    double d = (double)(2) + m, d_low = (m - (d - (double)(2))) + low, t = -m / d;
    t = ((((-t) * (d_low) + (-low))) * (ffnn_rough_inverse(d)) + (t));
    const uint64_t sign = ffnn_bits((double)((double)-0.0));
    return ffnn_from(ffnn_bits(ffnn_from(ffnn_bits(t) & ~ffnn_bits((double)(-0.0)))) | (ffnn_bits(z) & sign));
}
static double ffnn_silu(double z)
{
    z = ffnn_max((double)(-760.0), z);
    double rest, d, n, s = ffnn_sigmoid_parts(z, &rest, &d, &n);
    double a = s * z, a_low = ffnn_product_low(s, z, a) + rest * ffnn_rough_inverse(d) * z;
    int alone = ((((z) == ((double)(INFINITY)))) || (((z) == ((double)(0)))));
    return ffnn_scale(((alone) ? (a) : (a + a_low)), n);
}
static double ffnn_silu_slope(double z)
{
    const double one = (double)(1);
    double rest, d, n, a = ffnn_min((double)(760.0), ffnn_from(ffnn_bits(z) & ~ffnn_bits((double)(-0.0))));
    double t = ffnn_sigmoid_parts(-a, &rest, &d, &n);
    t = ((rest) * (ffnn_rough_inverse(d)) + (t));
    double other = ((-t) * (ffnn_power_of_2(ffnn_max((double)(-100), n))) + (one));
    double below = ffnn_scale(t * ((-a) * (other) + (one)), n);
    return ((((z) < ((double)(0)))) ? (below) : (one - below));
}
static double ffnn_softplus(double z)
{
    return ffnn_max((double)(0), z) + ffnn_log1p(ffnn_exp(-ffnn_from(ffnn_bits(z) & ~ffnn_bits((double)(-0.0)))));
}
static double ffnn_normal_parts(double a, double *e, double *n)
{
    const double one = (double)(1);
    double high = ffnn_from(ffnn_bits(a) >> 27 << 27), square = a * a;
    double square_low = (high * high - square) + (a - high) * (a + high);
    double e_low;
    *e = ffnn_exp_parts_of_sum((double)(-0.5) * square, (double)(-0.5) * square_low, &e_low, n);
    double t = (a - (double)(4)) / (a + (double)(4));
    double r = ffnn_polynomial(ffnn_normal_r + 1, ((int)(sizeof(ffnn_normal_r) / sizeof *(ffnn_normal_r))) - 1, t, t * t);
    const double constant = (double)(ffnn_normal_r[0]);
    double varying = ((r) * (t) + ((double)(0x1.a6c4e3cf8981cp-57))), r_low;
    r = constant + varying;
    r_low = varying - (r - constant);
    double product = *e * r, product_low = ffnn_product_low(*e, r, product);
    product_low = ((*e) * (r_low) + (((e_low) * (r) + (product_low))));
    double d = one + a, larger = ffnn_max(one, a), d_low = ffnn_min(one, a) - (d - larger);
    double inverse = one / d, tail = product * inverse, back = tail * d;
    double rest = (product - back) - ffnn_product_low(tail, d, back) + product_low;
    return ((((-tail) * (d_low) + (rest))) * (inverse) + (tail));
}
static double ffnn_gelu(double z)
{
    double e, n, a = ffnn_min((double)(40.0), ffnn_from(ffnn_bits(z) & ~ffnn_bits((double)(-0.0))));
    double tail = ffnn_normal_parts(a, &e, &n);
    double below = ffnn_scale(-a * tail, n), above = z * ((double)(1) - ffnn_scale(tail, n));
    return ((((z) < ((double)(0)))) ? (below) : (above));
}
static double ffnn_gelu_slope(double z)
{
    const double root = (double)((double)0.39894228040143267794);
    double e, n, a = ffnn_min((double)(40.0), ffnn_from(ffnn_bits(z) & ~ffnn_bits((double)(-0.0))));
    double tail = ffnn_normal_parts(a, &e, &n);
    double below = ffnn_scale(((-(a * root)) * (e) + (tail)), n);
    return ((((z) < ((double)(0)))) ? (below) : ((double)(1) - below));
}
static double ffnn_column_top(ptrdiff_t rows, ptrdiff_t n, const double *z, ptrdiff_t z_row)
{
    double top = ffnn_load_columns(z, n);
    for (ptrdiff_t i = 1; i < rows; i++) top = ffnn_max(top, ffnn_load_columns(z + i * z_row, n));
    return top;
}
static void ffnn_softmax_columns(ptrdiff_t rows, ptrdiff_t n, const double *z, ptrdiff_t z_row,
                                     double *a, ptrdiff_t a_row)
{
    const double top = ffnn_column_top(rows, n, z, z_row);
    double sum = (double)(0);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double e = ffnn_exp(ffnn_load_columns(z + i * z_row, n) - top);
        sum = sum + e;
        ffnn_store_columns(a + i * a_row, n, e);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        ffnn_store_columns(a + i * a_row, n, ffnn_load_columns(a + i * a_row, n) / sum);
}
static void ffnn_softmax_column(ptrdiff_t rows, const double *z, double *a)
{
    double top = z[0], sum = 0;
    for (ptrdiff_t i = 1; i < rows; i++) top = z[i] < top ? top : z[i];
    for (ptrdiff_t i = 0; i < rows; i += 1) {
        const ptrdiff_t n = rows - i < 1 ? rows - i : 1;
        ffnn_store_columns(a + i, n, ffnn_exp(ffnn_load_columns(z + i, n) - (double)(top)));
    }
    for (ptrdiff_t i = 0; i < rows; i++) sum = sum + a[i];
    for (ptrdiff_t i = 0; i < rows; i += 1) {
        const ptrdiff_t n = rows - i < 1 ? rows - i : 1;
        ffnn_store_columns(a + i, n, ffnn_load_columns(a + i, n) / (double)(sum));
    }
}
static void ffnn_softmax_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row,
                                   void *a, ptrdiff_t a_row)
{
    const double *x = z;
    double *r = a;
    ptrdiff_t j = 0;
    if (rows == 0) return;
    if (cols == 1 && z_row == 1 && a_row == 1) {
        ffnn_softmax_column(rows, x, r);
        return;
    }
    for (; j + 1 <= cols; j += 1)
        ffnn_softmax_columns(rows, 1, x + j, z_row, r + j, a_row);
    if (j < cols) ffnn_softmax_columns(rows, cols - j, x + j, z_row, r + j, a_row);
}
static void ffnn_softmax_slopes(ptrdiff_t rows, ptrdiff_t n, const double *da, ptrdiff_t da_row,
                                    const double *a, ptrdiff_t a_row, double *dz, ptrdiff_t dz_row)
{
    double dot = (double)(0);
    for (ptrdiff_t i = 0; i < rows; i++)
        dot = ((ffnn_load_columns(a + i * a_row, n)) * (ffnn_load_columns(da + i * da_row, n)) + (dot));
    for (ptrdiff_t i = 0; i < rows; i++) {
        double s = ffnn_load_columns(a + i * a_row, n);
        ffnn_store_columns(dz + i * dz_row, n, s * (ffnn_load_columns(da + i * da_row, n) - dot));
    }
}
static void ffnn_softmax_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da,
                                        ptrdiff_t da_row, const void *a, ptrdiff_t a_row, void *dz,
                                        ptrdiff_t dz_row)
{
    const double *d = da, *v = a;
    double *r = dz;
    ptrdiff_t j = 0;
    for (; j + 1 <= cols; j += 1)
        ffnn_softmax_slopes(rows, 1, d + j, da_row, v + j, a_row, r + j, dz_row);
    if (j < cols) ffnn_softmax_slopes(rows, cols - j, d + j, da_row, v + j, a_row, r + j, dz_row);
}
static void ffnn_softmax_slopes_from_input(ptrdiff_t rows, ptrdiff_t n, const double *da,
                                               ptrdiff_t da_row, const double *z, ptrdiff_t z_row,
                                               double *dz, ptrdiff_t dz_row)
{
    const double top = ffnn_column_top(rows, n, z, z_row);
    double sum = (double)(0), dot = (double)(0);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double e = ffnn_exp(ffnn_load_columns(z + i * z_row, n) - top);
        sum = sum + e;
        dot = ((e) * (ffnn_load_columns(da + i * da_row, n)) + (dot));
    }
    dot = dot / sum;
    for (ptrdiff_t i = 0; i < rows; i++) {
        double a = ffnn_exp(ffnn_load_columns(z + i * z_row, n) - top) / sum;
        ffnn_store_columns(dz + i * dz_row, n, a * (ffnn_load_columns(da + i * da_row, n) - dot));
    }
}
static void ffnn_softmax_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da,
                                        ptrdiff_t da_row, const void *z, ptrdiff_t z_row, void *dz,
                                        ptrdiff_t dz_row)
{
    const double *d = da, *x = z;
    double *r = dz;
    ptrdiff_t j = 0;
    if (rows == 0) return;
    for (; j + 1 <= cols; j += 1)
        ffnn_softmax_slopes_from_input(rows, 1, d + j, da_row, x + j, z_row, r + j, dz_row);
    if (j < cols)
        ffnn_softmax_slopes_from_input(rows, cols - j, d + j, da_row, x + j, z_row, r + j, dz_row);
}
static double ffnn_relu_value(double z)
{
    return ((((z) < ((double)(0)))) ? ((double)(0)) : (z));
}
static double ffnn_relu_derivative(double da, double a)
{
    return ((((a) <= ((double)(0)))) ? ((double)(0)) : (da));
}
static double ffnn_sigmoid_value(double z)
{
    return ffnn_sigmoid(z);
}
static double ffnn_sigmoid_derivative(double da, double a)
{
    return da * a * ((double)(1) - a);
}
static double ffnn_tanh_value(double z)
{
    return ffnn_tanh(z);
}
static double ffnn_tanh_derivative(double da, double a)
{
    return da * ((double)(1) - a * a);
}
static double ffnn_linear_value(double z)
{
    return z;
}
static double ffnn_linear_derivative(double da, double a)
{
    (void)a;
    return da;
}
static double ffnn_leaky_relu_value(double z)
{
    return ((((z) < ((double)(0)))) ? ((double)((double)0.01) * z) : (z));
}
static double ffnn_leaky_relu_derivative(double da, double a)
{
    return ((((a) <= ((double)(0)))) ? ((double)((double)0.01) * da) : (da));
}
static double ffnn_elu_value(double z)
{
    double low, high = ffnn_expm1_parts(ffnn_min((double)(0), z), &low);
    return ((((z) < ((double)(0)))) ? (high) : (z));
}
static double ffnn_elu_derivative(double da, double z)
{
    return da * ffnn_exp(ffnn_min((double)(0), z));
}
static double ffnn_gelu_value(double z)
{
    return ffnn_gelu(z);
}
static double ffnn_gelu_derivative(double da, double z)
{
    return da * ffnn_gelu_slope(z);
}
static double ffnn_silu_value(double z)
{
    return ffnn_silu(z);
}
static double ffnn_silu_derivative(double da, double z)
{
    return da * ffnn_silu_slope(z);
}
static double ffnn_softplus_value(double z)
{
    return ffnn_softplus(z);
}
static double ffnn_softplus_derivative(double da, double z)
{
    return da * ffnn_sigmoid(z);
}
static double ffnn_exp_value(double z)
{
    return ffnn_exp(z);
}
static double ffnn_exp_derivative(double da, double a)
{
    return da * a;
}
static void ffnn_map_block(ptrdiff_t rows, ptrdiff_t cols, const double *z, ptrdiff_t z_row,
                               double *a, ptrdiff_t a_row, double (*f)(double))
{
    if (z_row == cols && a_row == cols) cols *= rows, rows = 1;
    for (ptrdiff_t i = 0; i < rows; i++) ffnn_map(cols, z + i * z_row, a + i * a_row, f);
}
static void ffnn_map_block_2(ptrdiff_t rows, ptrdiff_t cols, const double *da, ptrdiff_t da_row,
                                 const double *v, ptrdiff_t v_row, double *dz, ptrdiff_t dz_row,
                                 double (*f)(double, double))
{
    if (da_row == cols && v_row == cols && dz_row == cols) cols *= rows, rows = 1;
    for (ptrdiff_t i = 0; i < rows; i++, da += da_row, v += v_row, dz += dz_row) {
        ptrdiff_t j = 0, n;
        for (; j + 1 <= cols; j += 1) (*(dz + j) = (f((*(da + j)), (*(v + j)))));
        if ((n = cols - j) > 0)
            (*(dz + j) = (f((*(da + j)), (*(v + j)))));
    }
}
static void ffnn_relu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_relu_value); } static void ffnn_relu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_relu_derivative); } static double ffnn_relu_from_input(double da, double z) { return ffnn_relu_derivative(da, ffnn_relu_value(z)); } static void ffnn_relu_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_relu_from_input); }
static void ffnn_sigmoid_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_sigmoid_value); } static void ffnn_sigmoid_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_sigmoid_derivative); } static double ffnn_sigmoid_from_input(double da, double z) { return ffnn_sigmoid_derivative(da, ffnn_sigmoid_value(z)); } static void ffnn_sigmoid_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_sigmoid_from_input); }
static void ffnn_tanh_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_tanh_value); } static void ffnn_tanh_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_tanh_derivative); } static double ffnn_tanh_from_input(double da, double z) { return ffnn_tanh_derivative(da, ffnn_tanh_value(z)); } static void ffnn_tanh_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_tanh_from_input); }
static void ffnn_linear_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_linear_value); } static void ffnn_linear_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_linear_derivative); } static double ffnn_linear_from_input(double da, double z) { return ffnn_linear_derivative(da, ffnn_linear_value(z)); } static void ffnn_linear_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_linear_from_input); }

static void ffnn_leaky_relu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_leaky_relu_value); } static void ffnn_leaky_relu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_leaky_relu_derivative); } static double ffnn_leaky_relu_from_input(double da, double z) { return ffnn_leaky_relu_derivative(da, ffnn_leaky_relu_value(z)); } static void ffnn_leaky_relu_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_leaky_relu_from_input); }
static void ffnn_elu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_elu_value); } static void ffnn_elu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_elu_derivative); }
static void ffnn_gelu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_gelu_value); } static void ffnn_gelu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_gelu_derivative); }
static void ffnn_silu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_silu_value); } static void ffnn_silu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_silu_derivative); }
static void ffnn_softplus_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_softplus_value); } static void ffnn_softplus_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_softplus_derivative); }
static void ffnn_exp_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_exp_value); } static void ffnn_exp_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_exp_derivative); } static double ffnn_exp_from_input(double da, double z) { return ffnn_exp_derivative(da, ffnn_exp_value(z)); } static void ffnn_exp_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_exp_from_input); }
