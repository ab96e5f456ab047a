typedef union {
    float value;
    uint32_t bits;
} ffnn_word;
static uint32_t ffnn_bits(float value)
{
    ffnn_word word;
    word.value = value;
    return word.bits;
}
static float ffnn_from(uint32_t bits)
{
    ffnn_word word;
    word.bits = bits;
    return word.value;
}
static float ffnn_min(float a, float b)
{
    return a < b ? a : b;
}
static float ffnn_max(float a, float b)
{
    return b < a ? a : b;
}
static float ffnn_load_columns(const float *row, ptrdiff_t n)
{
    (void)n;
    return *row;
}
static void ffnn_store_columns(float *row, ptrdiff_t n, float value)
{
    (void)n;
    *row = value;
}
static const float ffnn_exp_p[] = {0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.555858p-5f, 0x1.123dep-7f,
                                  0x1.6ac74ep-10f};
static const float ffnn_log_q[] = {0x1.55557ap-1f, 0x1.995ed6p-2f, 0x1.31e096p-2f};
static float ffnn_polynomial(const float *c, int count, float x, float x_squared)
{
    int top = count - 1;
    float last = (float)(c[top]), before = (float)(c[top - 1]);
   
    for (int i = top - 2; i > 0; i -= 2) {
        last = ((last) * (x_squared) + ((float)(c[i])));
        before = ((before) * (x_squared) + ((float)(c[i - 1])));
    }
    if (top % 2) return ((last) * (x) + (before));
    return ((before) * (x) + (((last) * (x_squared) + ((float)(c[0])))));
}
static float ffnn_power_of_2(float n)
{
    return ffnn_from(ffnn_bits(n + (float)((0x1p23f + 0x1p23f / 2) + 127)) << 23);
}
static float ffnn_scale(float x, float n)
{
    float half = ((n) * ((float)(0.5)) + ((float)((0x1p23f + 0x1p23f / 2)))) - (float)((0x1p23f + 0x1p23f / 2));
    return x * ffnn_power_of_2(half) * ffnn_power_of_2(n - half);
}
static float ffnn_exp_of_rest(float head, float tail, float *low)
{
    float r = head + tail, r_squared = r * r;
    float p = ffnn_polynomial(ffnn_exp_p, ((int)(sizeof(ffnn_exp_p) / sizeof *(ffnn_exp_p))), r, r_squared);
    tail = ((r_squared) * (p) + (tail));
    float high = (float)(1) + (head + tail);
    *low = tail + (head - (high - (float)(1)));
    return high;
}
static float ffnn_exp_parts(float x, float *low, float *n)
{
    *n = ((x) * ((float)(0x1.715476p0f)) + ((float)((0x1p23f + 0x1p23f / 2)))) - (float)((0x1p23f + 0x1p23f / 2));
    return ffnn_exp_of_rest(((*n) * ((float)(-0x1.62e4p-1f)) + (x)), *n * (float)(-0x1.7f7d1cp-20f), low);
}
static float ffnn_exp_parts_of_sum(float x, float x_low, float *low, float *n)
{
    *n = ((x) * ((float)(0x1.715476p0f)) + ((float)((0x1p23f + 0x1p23f / 2)))) - (float)((0x1p23f + 0x1p23f / 2));
    return ffnn_exp_of_rest(((*n) * ((float)(-0x1.62e4p-1f)) + (x)), ((*n) * ((float)(-0x1.7f7d1cp-20f)) + (x_low)),
                           low);
}
static float ffnn_exp(float x)
{
    float low, n;
    x = ffnn_min((float)(89.0f), ffnn_max((float)(-104.0f), x));
    float high = ffnn_exp_parts(x, &low, &n);
    return ffnn_scale(high, n);
}
static float ffnn_rough_inverse(float d)
{
    float inverse = ((d) * ((float)((float)32 / 99)) + ((float)((float)-144 / 99)));
    return ((d) * (inverse) + ((float)((float)210 / 99)));
}
static float ffnn_sigmoid_parts(float z, float *s_rest, float *d, float *n)
{
    const float one = (float)(1);
    float low;
    float high = ffnn_exp_parts(-ffnn_min((float)(115.0f), ffnn_from(ffnn_bits(z) & ~ffnn_bits((float)(-0.0)))), &low, n);
    float power = ffnn_power_of_2(ffnn_max((float)(-100), *n));
    *d = ((high) * (power) + (one));
    float d_low = ((low) * (power) + (((high) * (power) + (one - *d))));
    int negative = ((z) < ((float)(0)));
    float numerator = ((negative) ? (high) : (one));
    float numerator_low = ((negative) ? (low) : ((float)(0)));
    float s = numerator / *d;
    *n = ((negative) ? (*n) : ((float)(0)));
    *s_rest = ((-s) * (d_low) + (numerator_low));
    return s;
}
static float ffnn_sigmoid(float z)
{
    float rest, d, n, s = ffnn_sigmoid_parts(z, &rest, &d, &n);
    return ffnn_scale(((rest) * (ffnn_rough_inverse(d)) + (s)), n);
}
static float ffnn_log_parts(float f, float k)
{
    float s = f / ((float)(2) + f), w = s * s;
    float q = w * ffnn_polynomial(ffnn_log_q, ((int)(sizeof(ffnn_log_q) / sizeof *(ffnn_log_q))), w, w * w);
    float half_square = (float)(0.5) * f * f;
    float small = ((s) * (half_square + q) + (k * (float)(0x1.7f7d1cp-20f)));
    return ((k) * ((float)(0x1.62e4p-1f)) + (f - (half_square - small)));
}
static float ffnn_log(float x)
{
    const float zero = (float)(0), integers = (float)(0x1p23f);
    int subnormal = ((x) < ((float)(0x1p-126f)));
    uint32_t y = ffnn_bits(((subnormal) ? (x * (float)(2 * 0x1p23f)) : (x)));
    float bias = ((subnormal) ? ((float)(0x1p23f + 127 + 23 + 1)) : ((float)(0x1p23f + 127)));
    const uint32_t sqrt_half = ffnn_bits((float)(0x1.6a09e6p-1f)), one = ffnn_bits((float)(1));
    uint32_t shifted = y + (one - sqrt_half);
    float k = ffnn_from(shifted >> 23 | ffnn_bits(integers)) - bias;
    float m = ffnn_from((shifted & ~ffnn_bits((float)(-INFINITY))) + sqrt_half);
    float result = ffnn_log_parts(m - (float)(1), k);
    result = ((((x) < ((float)(INFINITY)))) ? (result) : (x));
    result = ((((x) < (zero))) ? ((float)(NAN)) : (result));
    return ((((x) == (zero))) ? ((float)(-INFINITY)) : (result));
}
static float ffnn_log1p(float e)
{
    int great = (((float)(2 * 0x1.6a09e6p-1f - 1)) < (e));
    float half = (float)(0.5) * (e - (float)(1));
    return ffnn_log_parts(((great) ? (half) : (e)), ((great) ? ((float)(1)) : ((float)(0))));
}
static void ffnn_map(ptrdiff_t n, const float *x, float *y, float (*f)(float))
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
static const float ffnn_normal_r[] = {0x1.e361eap-2f, -0x1.8c18fp-4f, 0x1.cabd3p-7f,
                                     0x1.d49534p-6f, -0x1.07c2c8p-5f, 0x1.25ed6cp-6f,
                                     -0x1.47f082p-8f, -0x1.3d6ab8p-12f, 0x1.6b10fap-11f,
                                     -0x1.047dd4p-14f, -0x1.2f6042p-14f};
static float ffnn_product_low(float a, float b, float p)
{
    float a_high = ffnn_from(ffnn_bits(a) >> 12 << 12), a_low = a - a_high;
    float b_high = ffnn_from(ffnn_bits(b) >> 12 << 12), b_low = b - b_high;
    return ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low;
}
static float ffnn_expm1_parts(float x, float *low)
{
    float e_low, n;
    float e = ffnn_exp_parts(ffnn_max((float)(-104.0f), x), &e_low, &n);
    float power = ffnn_power_of_2(ffnn_max((float)(-100), n));
    float scaled = e * power, high = scaled - (float)(1);
    float rest = ((e_low) * (power) + (scaled - (high + (float)(1))));
    float sum = high + rest;
    *low = rest - (sum - high);
    return sum;
}
static float ffnn_tanh(float z)
{
    float low, m = ffnn_expm1_parts((float)(-2) * ffnn_from(ffnn_bits(z) & ~ffnn_bits((float)(-0.0))), &low);
    float d = (float)(2) + m, d_low = (m - (d - (float)(2))) + low, t = -m / d;
    t = ((((-t) * (d_low) + (-low))) * (ffnn_rough_inverse(d)) + (t));
    const uint32_t sign = ffnn_bits((float)((float)-0.0));
    return ffnn_from(ffnn_bits(ffnn_from(ffnn_bits(t) & ~ffnn_bits((float)(-0.0)))) | (ffnn_bits(z) & sign));
}
static float ffnn_silu(float z)
{
    z = ffnn_max((float)(-115.0f), z);
    float rest, d, n, s = ffnn_sigmoid_parts(z, &rest, &d, &n);
    float a = s * z, a_low = ffnn_product_low(s, z, a) + rest * ffnn_rough_inverse(d) * z;
    int alone = ((((z) == ((float)(INFINITY)))) || (((z) == ((float)(0)))));
    return ffnn_scale(((alone) ? (a) : (a + a_low)), n);
}
static float ffnn_silu_slope(float z)
{
    const float one = (float)(1);
    float rest, d, n, a = ffnn_min((float)(115.0f), ffnn_from(ffnn_bits(z) & ~ffnn_bits((float)(-0.0))));
    float t = ffnn_sigmoid_parts(-a, &rest, &d, &n);
    t = ((rest) * (ffnn_rough_inverse(d)) + (t));
    float other = ((-t) * (ffnn_power_of_2(ffnn_max((float)(-100), n))) + (one));
    float below = ffnn_scale(t * ((-a) * (other) + (one)), n);
    return ((((z) < ((float)(0)))) ? (below) : (one - below));
}
static float ffnn_softplus(float z)
{
    return ffnn_max((float)(0), z) + ffnn_log1p(ffnn_exp(-ffnn_from(ffnn_bits(z) & ~ffnn_bits((float)(-0.0)))));
}
static float ffnn_normal_parts(float a, float *e, float *n)
{
    const float one = (float)(1);
    float high = ffnn_from(ffnn_bits(a) >> 12 << 12), square = a * a;
    float square_low = (high * high - square) + (a - high) * (a + high);
    float e_low;
    *e = ffnn_exp_parts_of_sum((float)(-0.5) * square, (float)(-0.5) * square_low, &e_low, n);
    float t = (a - (float)(4)) / (a + (float)(4));
    float r = ffnn_polynomial(ffnn_normal_r + 1, ((int)(sizeof(ffnn_normal_r) / sizeof *(ffnn_normal_r))) - 1, t, t * t);
    const float constant = (float)(ffnn_normal_r[0]);
    float varying = ((r) * (t) + ((float)(0x1.d46e28p-28f))), r_low;
    r = constant + varying;
    r_low = varying - (r - constant);
    float product = *e * r, product_low = ffnn_product_low(*e, r, product);
    product_low = ((*e) * (r_low) + (((e_low) * (r) + (product_low))));
    float d = one + a, larger = ffnn_max(one, a), d_low = ffnn_min(one, a) - (d - larger);
    float inverse = one / d, tail = product * inverse, back = tail * d;
    float rest = (product - back) - ffnn_product_low(tail, d, back) + product_low;
    return ((((-tail) * (d_low) + (rest))) * (inverse) + (tail));
}
static float ffnn_gelu(float z)
{
    float e, n, a = ffnn_min((float)(15.0f), ffnn_from(ffnn_bits(z) & ~ffnn_bits((float)(-0.0))));
    float tail = ffnn_normal_parts(a, &e, &n);
    float below = ffnn_scale(-a * tail, n), above = z * ((float)(1) - ffnn_scale(tail, n));
    return ((((z) < ((float)(0)))) ? (below) : (above));
}
static float ffnn_gelu_slope(float z)
{
    const float root = (float)((float)0.39894228040143267794);
    float e, n, a = ffnn_min((float)(15.0f), ffnn_from(ffnn_bits(z) & ~ffnn_bits((float)(-0.0))));
    float tail = ffnn_normal_parts(a, &e, &n);
    float below = ffnn_scale(((-(a * root)) * (e) + (tail)), n);
    return ((((z) < ((float)(0)))) ? (below) : ((float)(1) - below));
}
static float ffnn_column_top(ptrdiff_t rows, ptrdiff_t n, const float *z, ptrdiff_t z_row)
{
    float top = ffnn_load_columns(z, n);
    for (ptrdiff_t i = 1; i < rows; i++) top = ffnn_max(top, ffnn_load_columns(z + i * z_row, n));
    return top;
}
static void ffnn_softmax_columns(ptrdiff_t rows, ptrdiff_t n, const float *z, ptrdiff_t z_row,
                                     float *a, ptrdiff_t a_row)
{
    const float top = ffnn_column_top(rows, n, z, z_row);
    float sum = (float)(0);
    for (ptrdiff_t i = 0; i < rows; i++) {
        float e = ffnn_exp(ffnn_load_columns(z + i * z_row, n) - top);
        sum = sum + e;
        ffnn_store_columns(a + i * a_row, n, e);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        ffnn_store_columns(a + i * a_row, n, ffnn_load_columns(a + i * a_row, n) / sum);
}
static void ffnn_softmax_column(ptrdiff_t rows, const float *z, float *a)
{
    float top = z[0], sum = 0;
    for (ptrdiff_t i = 1; i < rows; i++) top = z[i] < top ? top : z[i];
    for (ptrdiff_t i = 0; i < rows; i += 1) {
        const ptrdiff_t n = rows - i < 1 ? rows - i : 1;
        ffnn_store_columns(a + i, n, ffnn_exp(ffnn_load_columns(z + i, n) - (float)(top)));
    }
    for (ptrdiff_t i = 0; i < rows; i++) sum = sum + a[i];
    for (ptrdiff_t i = 0; i < rows; i += 1) {
        const ptrdiff_t n = rows - i < 1 ? rows - i : 1;
        ffnn_store_columns(a + i, n, ffnn_load_columns(a + i, n) / (float)(sum));
    }
}
static void ffnn_softmax_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row,
                                   void *a, ptrdiff_t a_row)
{
    const float *x = z;
    float *r = a;
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
static void ffnn_softmax_slopes(ptrdiff_t rows, ptrdiff_t n, const float *da, ptrdiff_t da_row,
                                    const float *a, ptrdiff_t a_row, float *dz, ptrdiff_t dz_row)
{
    float dot = (float)(0);
    for (ptrdiff_t i = 0; i < rows; i++)
        dot = ((ffnn_load_columns(a + i * a_row, n)) * (ffnn_load_columns(da + i * da_row, n)) + (dot));
    for (ptrdiff_t i = 0; i < rows; i++) {
        float s = ffnn_load_columns(a + i * a_row, n);
        ffnn_store_columns(dz + i * dz_row, n, s * (ffnn_load_columns(da + i * da_row, n) - dot));
    }
}
static void ffnn_softmax_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da,
                                        ptrdiff_t da_row, const void *a, ptrdiff_t a_row, void *dz,
                                        ptrdiff_t dz_row)
{
    const float *d = da, *v = a;
    float *r = dz;
    ptrdiff_t j = 0;
    for (; j + 1 <= cols; j += 1)
        ffnn_softmax_slopes(rows, 1, d + j, da_row, v + j, a_row, r + j, dz_row);
    if (j < cols) ffnn_softmax_slopes(rows, cols - j, d + j, da_row, v + j, a_row, r + j, dz_row);
}
static void ffnn_softmax_slopes_from_input(ptrdiff_t rows, ptrdiff_t n, const float *da,
                                               ptrdiff_t da_row, const float *z, ptrdiff_t z_row,
                                               float *dz, ptrdiff_t dz_row)
{
    const float top = ffnn_column_top(rows, n, z, z_row);
    float sum = (float)(0), dot = (float)(0);
    for (ptrdiff_t i = 0; i < rows; i++) {
        float e = ffnn_exp(ffnn_load_columns(z + i * z_row, n) - top);
        sum = sum + e;
        dot = ((e) * (ffnn_load_columns(da + i * da_row, n)) + (dot));
    }
    dot = dot / sum;
    for (ptrdiff_t i = 0; i < rows; i++) {
        float a = ffnn_exp(ffnn_load_columns(z + i * z_row, n) - top) / sum;
        ffnn_store_columns(dz + i * dz_row, n, a * (ffnn_load_columns(da + i * da_row, n) - dot));
    }
}
static void ffnn_softmax_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da,
                                        ptrdiff_t da_row, const void *z, ptrdiff_t z_row, void *dz,
                                        ptrdiff_t dz_row)
{
    const float *d = da, *x = z;
    float *r = dz;
    ptrdiff_t j = 0;
    if (rows == 0) return;
    for (; j + 1 <= cols; j += 1)
        ffnn_softmax_slopes_from_input(rows, 1, d + j, da_row, x + j, z_row, r + j, dz_row);
    if (j < cols)
        ffnn_softmax_slopes_from_input(rows, cols - j, d + j, da_row, x + j, z_row, r + j, dz_row);
}
static float ffnn_relu_value(float z)
{
    return ((((z) < ((float)(0)))) ? ((float)(0)) : (z));
}
static float ffnn_relu_derivative(float da, float a)
{
    return ((((a) <= ((float)(0)))) ? ((float)(0)) : (da));
}
static float ffnn_sigmoid_value(float z)
{
    return ffnn_sigmoid(z);
}
static float ffnn_sigmoid_derivative(float da, float a)
{
    return da * a * ((float)(1) - a);
}
static float ffnn_tanh_value(float z)
{
    return ffnn_tanh(z);
}
static float ffnn_tanh_derivative(float da, float a)
{
    return da * ((float)(1) - a * a);
}
static float ffnn_linear_value(float z)
{
    return z;
}
static float ffnn_linear_derivative(float da, float a)
{
    (void)a;
    return da;
}
static float ffnn_leaky_relu_value(float z)
{
    return ((((z) < ((float)(0)))) ? ((float)((float)0.01) * z) : (z));
}
static float ffnn_leaky_relu_derivative(float da, float a)
{
    return ((((a) <= ((float)(0)))) ? ((float)((float)0.01) * da) : (da));
}
static float ffnn_elu_value(float z)
{
    float low, high = ffnn_expm1_parts(ffnn_min((float)(0), z), &low);
    return ((((z) < ((float)(0)))) ? (high) : (z));
}
static float ffnn_elu_derivative(float da, float z)
{
    return da * ffnn_exp(ffnn_min((float)(0), z));
}
static float ffnn_gelu_value(float z)
{
    return ffnn_gelu(z);
}
static float ffnn_gelu_derivative(float da, float z)
{
    return da * ffnn_gelu_slope(z);
}
static float ffnn_silu_value(float z)
{
    return ffnn_silu(z);
}
static float ffnn_silu_derivative(float da, float z)
{
    return da * ffnn_silu_slope(z);
}
static float ffnn_softplus_value(float z)
{
    return ffnn_softplus(z);
}
static float ffnn_softplus_derivative(float da, float z)
{
    return da * ffnn_sigmoid(z);
}
static float ffnn_exp_value(float z)
{
    return ffnn_exp(z);
}
static float ffnn_exp_derivative(float da, float a)
{
    return da * a;
}
static void ffnn_map_block(ptrdiff_t rows, ptrdiff_t cols, const float *z, ptrdiff_t z_row,
                               float *a, ptrdiff_t a_row, float (*f)(float))
{
    if (z_row == cols && a_row == cols) cols *= rows, rows = 1;
    for (ptrdiff_t i = 0; i < rows; i++) ffnn_map(cols, z + i * z_row, a + i * a_row, f);
}
static void ffnn_map_block_2(ptrdiff_t rows, ptrdiff_t cols, const float *da, ptrdiff_t da_row,
                                 const float *v, ptrdiff_t v_row, float *dz, ptrdiff_t dz_row,
                                 float (*f)(float, float))
{
    if (da_row == cols && v_row == cols && dz_row == cols) cols *= rows, rows = 1;
    for (ptrdiff_t i = 0; i < rows; i++, da += da_row, v += v_row, dz += dz_row) {
        ptrdiff_t j = 0, n;
        for (; j + 1 <= cols; j += 1) (*(dz + j) = (f((*(da + j)), (*(v + j)))));
        if ((n = cols - j) > 0)
            (*(dz + j) = (f((*(da + j)), (*(v + j)))));
    }
}
static void ffnn_relu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_relu_value); } static void ffnn_relu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_relu_derivative); } static float ffnn_relu_from_input(float da, float z) { return ffnn_relu_derivative(da, ffnn_relu_value(z)); } static void ffnn_relu_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_relu_from_input); }
static void ffnn_sigmoid_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_sigmoid_value); } static void ffnn_sigmoid_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_sigmoid_derivative); } static float ffnn_sigmoid_from_input(float da, float z) { return ffnn_sigmoid_derivative(da, ffnn_sigmoid_value(z)); } static void ffnn_sigmoid_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_sigmoid_from_input); }
static void ffnn_tanh_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_tanh_value); } static void ffnn_tanh_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_tanh_derivative); } static float ffnn_tanh_from_input(float da, float z) { return ffnn_tanh_derivative(da, ffnn_tanh_value(z)); } static void ffnn_tanh_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_tanh_from_input); }
static void ffnn_linear_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_linear_value); } static void ffnn_linear_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_linear_derivative); } static float ffnn_linear_from_input(float da, float z) { return ffnn_linear_derivative(da, ffnn_linear_value(z)); } static void ffnn_linear_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_linear_from_input); }

static void ffnn_leaky_relu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_leaky_relu_value); } static void ffnn_leaky_relu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_leaky_relu_derivative); } static float ffnn_leaky_relu_from_input(float da, float z) { return ffnn_leaky_relu_derivative(da, ffnn_leaky_relu_value(z)); } static void ffnn_leaky_relu_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_leaky_relu_from_input); }
static void ffnn_elu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_elu_value); } static void ffnn_elu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_elu_derivative); }
static void ffnn_gelu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_gelu_value); } static void ffnn_gelu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_gelu_derivative); }
static void ffnn_silu_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_silu_value); } static void ffnn_silu_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_silu_derivative); }
static void ffnn_softplus_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_softplus_value); } static void ffnn_softplus_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_softplus_derivative); }
static void ffnn_exp_value_loop(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row) { ffnn_map_block(rows, cols, z, z_row, a, a_row, ffnn_exp_value); } static void ffnn_exp_derivative_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_exp_derivative); } static float ffnn_exp_from_input(float da, float z) { return ffnn_exp_derivative(da, ffnn_exp_value(z)); } static void ffnn_exp_from_input_loop(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row) { ffnn_map_block_2(rows, cols, da, da_row, v, v_row, dz, dz_row, ffnn_exp_from_input); }
