#include "config.h"
#include <stdlib.h>
#include "policy.h"
int
gw_stand_aside(void)
{
    return secure_getenv("GSS_USE_PROXY") != NULL;
}
