#ifndef GW_POLICY_H
#define GW_POLICY_H
int gw_stand_aside(void);
#endif
