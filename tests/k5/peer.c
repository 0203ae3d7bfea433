/*
 * peer.c - one end of security contexts in a process of its own, driven over
 * the socket on its standard input until that is closed. Its environment
 * decides whether it is interposed and which keytab it has.
 */
#include "config.h"

#include "end.h"

#include <unistd.h>

int
main(void)
{
    struct k5_end end
        = { GSS_C_NO_CONTEXT, GSS_C_NO_CREDENTIAL, GSS_C_NO_CREDENTIAL };
    struct k5_msg request, reply;
    int ret = 0;

    while (ret == 0 && k5_msg_receive(STDIN_FILENO, &request) == 0) {
        k5_end_handle(&end, &request, &reply);
        ret = k5_msg_send(STDIN_FILENO, &reply);
        k5_msg_clear(&request);
        k5_msg_clear(&reply);
    }
    k5_end_reset(&end);
    return 0;
}
