"""Names that C has taken, which no function of a file made by to_c may have.

By section 7.1.3 of the standard the names of its library belong to it whether a file includes their
header or not; POSIX's functions in math.h and GCC's own macros stand in the way as well.
"""

from __future__ import annotations

import re

__all__ = ["check_c_name"]

_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t
    char8_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
    constinit continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long main mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires
    restrict return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using
    virtual void volatile wchar_t while xor xor_eq
""".split()
_MACROS = "INFINITY NAN NULL errno far i386 linux math_errhandling near offsetof unix".split()
_FAMILIES = re.compile(  # of macros and types in float.h, math.h, stddef.h, stdint.h
    r"(DBL|FLT|LDBL|DEC\d+|FP|M|MATH|SIZE|WCHAR|WINT|PTRDIFF|SIG_ATOMIC"
    r"|U?INT(\d+|MAX|PTR|_(FAST|LEAST)\d+))_[A-Z0-9_]+|HUGE_VAL[FL]?|DECIMAL_DIG"
    r"|(u?int(_fast|_least)?\d+|u?int(max|ptr)|ptrdiff|s?size|wchar|wint|max_align|float|double)_t"
)
# Of math.h, complex.h and POSIX: each is there for float and long double, too.
_MATH = """
    acos acosh acospi asin asinh asinpi atan atan2 atan2pi atanh atanpi cabs cacos cacosh
    canonicalize carg casin casinh catan catanh cbrt ccos ccosh ceil cexp cimag clog compoundn conj
    copysign cos cosh cospi cpow cproj creal csin csinh csqrt ctan ctanh drem erf erfc exp exp10
    exp10m1 exp2 exp2m1 expm1 fabs fdim finite floor fma fmax fmaximum fmaximum_mag fmaximum_mag_num
    fmaximum_num fmaxmag fmin fminimum fminimum_mag fminimum_mag_num fminimum_num fminmag fmod frexp
    fromfp fromfpx gamma getpayload hypot ilogb isinf isnan j0 j1 jn ldexp lgamma llogb llrint
    llround log log10 log10p1 log1p log2 log2p1 logb logp1 lrint lround modf nan nearbyint nextafter
    nextdown nexttoward nextup pow pow10 pown powr remainder remquo rint rootn round roundeven rsqrt
    scalb scalbln scalbn setpayload setpayloadsig significand sin sincos sinh sinpi sqrt tan tanh
    tanpi tgamma totalorder totalordermag trunc ufromfp ufromfpx y0 y1 yn
""".split()
_LIBRARY = """
    abort abs aligned_alloc asctime assert at_quick_exit atexit atof atoi atol atoll bsearch btowc
    call_once calloc clearerr clock ctime difftime div exit fclose feclearexcept fegetenv
    fegetexceptflag fegetround feholdexcept feof feraiseexcept ferror fesetenv fesetexceptflag
    fesetround fetestexcept feupdateenv fflush fgetc fgetpos fgets fgetwc fgetws fopen fpclassify
    fprintf fputc fputs fputwc fputws fread free freopen fscanf fseek fsetpos ftell fwide fwprintf
    fwrite fwscanf getc getchar getenv gets getwc getwchar gmtime imaxabs imaxdiv index isalnum
    isalpha isblank iscntrl isdigit isfinite isgraph isgreater isgreaterequal isless islessequal
    islessgreater islower isnormal isprint ispunct isspace isunordered isupper iswalnum iswalpha
    iswblank iswcntrl iswctype iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper
    iswxdigit isxdigit labs ldiv lgamma_r lgammaf_r lgammal_r llabs lldiv localeconv localtime
    longjmp malloc mblen mbrlen mbrtowc mbsinit mbsrtowcs mbstowcs mbtowc memchr memcmp memcpy
    memmove memset mktime perror printf putc putchar puts putwc putwchar qsort quick_exit raise rand
    realloc remove rename rewind rindex scanf setbuf setjmp setlocale setvbuf signal signbit signgam
    snprintf sprintf srand sscanf strcat strchr strcmp strcoll strcpy strcspn strdup strerror
    strftime strlen strncat strncmp strncpy strndup strpbrk strrchr strspn strstr strtod strtof
    strtoimax strtok strtol strtold strtoll strtoul strtoull strtoumax strxfrm swprintf swscanf
    system time timespec_get tmpfile tmpnam tolower toupper towctrans towlower towupper ungetc
    ungetwc vfprintf vfscanf vfwprintf vfwscanf vprintf vscanf vsnprintf vsprintf vsscanf vswprintf
    vswscanf vwprintf vwscanf wcrtomb wcscat wcschr wcscmp wcscoll wcscpy wcscspn wcsftime wcslen
    wcsncat wcsncmp wcsncpy wcspbrk wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstof wcstoimax wcstok
    wcstol wcstold wcstoll wcstombs wcstoul wcstoull wcstoumax wcsxfrm wctob wctomb wctrans wctype
    wmemchr wmemcmp wmemcpy wmemmove wmemset wprintf wscanf
""".split()


def check_c_name(function: str, name: object) -> str:
    """The name of a function that C allows and that nothing of its library has."""
    if not isinstance(name, str):
        raise TypeError(f"{function}: name must be a str, not {type(name).__name__}")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{function}: name must be an identifier of C, not {name!r}")
    owner = _owner(name)
    if owner:
        raise ValueError(f"{function}: name must be free in C, and {name!r} is {owner}")
    return name


def _owner(name: str) -> str:
    """Whose the name is, for the end of a sentence; "" where it is free."""
    if name.startswith("_"):
        return "kept for compilers, as all with an underscore in front are"
    if name in _KEYWORDS:
        return "a word of C or C++"
    if name in _LIBRARY or name in _MATH or (name[-1] in "fl" and name[:-1] in _MATH):
        return "a function of C's library"
    if name in _MACROS or _FAMILIES.fullmatch(name):
        return "a macro or a type of C's headers"
    return ""
